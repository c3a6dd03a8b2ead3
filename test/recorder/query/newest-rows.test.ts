import { expect } from "chai";
import type { History, RangeQuery } from "../../../recorder/query/history.js";
import { newestRows } from "../../../recorder/query/newest-rows.js";
import type { RangeAnswer } from "../../../shared/contract/history.js";

const NOW_MS = 1_700_000_000_000;
const QUIET_MS = 20 * 60_000;
const BEAT_MS = 1;
const PAGE = 50_000;

/** A value every millisecond until twenty minutes ago, in answers of so many; nothing since. */
function openPast(): Pick<History, "range"> & { answers: number } {
  const past = {
    answers: 0,
    range({ fromMs, toMs, cursor }: RangeQuery): Promise<RangeAnswer> {
      past.answers++;
      const endMs = Math.min(toMs, NOW_MS - QUIET_MS);
      const beginMs = Math.ceil(Number(cursor ?? fromMs));
      const count = Math.max(0, Math.ceil((endMs - beginMs) / BEAT_MS));
      const at = Array.from(
        { length: Math.min(PAGE, count) },
        (_, i) => beginMs + i * BEAT_MS,
      );
      const line = { wan: "att", metric: "m", labels: {}, unit: "ms" };
      const ones = at.map(() => 1);
      const next = count > PAGE ? `${(at.at(-1) ?? 0) + BEAT_MS}` : null;
      return Promise.resolve({
        data: [{ ...line, at, min: ones, avg: ones, max: ones, count: ones }],
        metadata: {
          ...{ from: fromMs, to: toMs, wans: [], gaps: [], gapsTotal: 0 },
          ...{ partial: false, stepMs: null, returned: at.length, next },
        },
      });
    },
  };
  return past;
}

describe("newestRows()", () => {
  it("reads little more than it gives, also where nothing is new (API-02)", async () => {
    const past = openPast();
    const { rows } = await newestRows(
      past as unknown as History,
      { fromMs: NOW_MS - 5 * 3_600_000, toMs: NOW_MS },
      { offset: 0, count: 1_000 },
    );
    expect(rows).to.have.length(1_000);
    const endMs = NOW_MS - QUIET_MS;
    expect(rows.map(({ at }) => at)).to.deep.equal(
      rows.map((_, i) => endMs - BEAT_MS * (i + 1)),
    );
    expect(past.answers).to.be.at.most(25);
  });
});
