import type { SeriesAnswer } from "../../shared/contract/history.js";
import type { Records } from "../store/records.js";
import { TIERS } from "../tiers/tier.js";
import { seriesOf, wansOf } from "./wanted.js";

/** What there is. */
export function seriesAnswer(records: Records, nowMs: number): SeriesAnswer {
  const wans = wansOf(records, undefined);
  return {
    data: wans.flatMap((wan) =>
      seriesOf(records, wan, undefined).map(({ name, help }) => ({
        ...name,
        help,
      })),
    ),
    metadata: {
      now: nowMs,
      wans: wans.map(({ name, fromMs, toMs, begins, kept }) => ({
        wan: name,
        from: fromMs,
        to: toMs,
        tiers: TIERS.map((tier) => ({
          tier,
          from: begins[tier],
          to: tier === "raw" ? toMs : kept.untilMs[tier],
        })).filter(({ from, to }) => from < to),
      })),
    },
  };
}
