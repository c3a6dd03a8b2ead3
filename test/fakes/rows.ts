import fc from "fast-check";
import { CAUSES } from "../../shared/contract/cause.js";
import { field, type Row, ROW_FIELDS } from "../../shared/contract/row.js";
import { READINGS, STATES } from "../../shared/contract/state.js";

const CODES: Readonly<Record<string, number>> = {
  reading: READINGS.length,
  stateDownload: STATES.length,
  stateUpload: STATES.length,
  causeDownload: CAUSES.length,
  causeUpload: CAUSES.length,
};

/** Any row a frame may carry, calm values mostly, up to `max`. */
export const anyRow = (max = 2 ** 40): fc.Arbitrary<Row> =>
  fc.record(
    Object.fromEntries(
      ROW_FIELDS.map((name) => {
        const { signed, nullMeans } = field(name);
        const codes = CODES[name];
        const min = signed ? -1 : 0;
        const value =
          codes !== undefined
            ? fc.nat(codes - 1)
            : fc.oneof(
                fc.integer({ min: 300 * min, max: 300 }),
                fc.integer({ min: max * min, max }),
              );
        return [name, nullMeans === undefined ? value : fc.option(value)];
      }),
    ),
  ) as fc.Arbitrary<unknown> as fc.Arbitrary<Row>;
