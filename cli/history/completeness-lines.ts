import type { Completeness } from "../../shared/contract/history.js";
import { clip, printable, timeOfDay, wrapTo } from "../terminal.js";
import { dayOf } from "./calendar.js";
import { percent } from "./number.js";
import type { Paint } from "./paint.js";

/** So many gaps are named. */
const GAPS_MAX = 3;

/** How complete what is shown of a WAN is, and from which tiers it was made. */
export function completenessLines(
  { from, to, wans, gaps, gapsTotal, partial }: Completeness,
  wan: string,
  columns: number,
  paint: Paint,
): readonly string[] {
  const found = wans.find((one) => one.wan === wan);
  const isLong = dayOf(from) !== dayOf(to - 1);
  const time = (atMs: number) =>
    (isLong ? `${dayOf(atMs)} ` : "") + timeOfDay(atMs).slice(0, 8);
  const made =
    found === undefined || found.sections.length === 0
      ? "nothing recorded"
      : `${percent(found.recorded)} of this time is recorded${found.since === null ? "" : `, since ${dayOf(found.since)} ${timeOfDay(found.since).slice(0, 8)}`}; from tier ${tiersOf(found.sections, time)}`;
  const own = gaps.filter((gap) => gap.wan === wan);
  const more = gapsTotal > gaps.length ? " or more" : "";
  const lost = own
    .slice(0, GAPS_MAX)
    .map(
      ({ from: first, to: last, frames, cause }) =>
        `gap ${time(first)} to ${time(last)}: ${frames ?? "an unknown number of"} frames lost (${cause})`,
    );
  const lines = [
    made,
    ...(partial ? ["partial: some of this time is not in the history"] : []),
    ...lost,
    ...(own.length > GAPS_MAX
      ? [`${own.length - GAPS_MAX}${more} further gaps`]
      : []),
  ];
  return lines
    .flatMap((line) => wrapTo(columns, " ", printable(line)))
    .map((line) => paint("aside", clip(line, columns)));
}

type Sections = Completeness["wans"][number]["sections"];

/** "raw"; "1m until 13:58:30, then raw"; "1h until 12:00:00, nothing until 13:00:00, then raw". */
function tiersOf(sections: Sections, time: (atMs: number) => string): string {
  return sections
    .map(({ tier, from, to }, i) => {
      const before = sections[i - 1];
      const hole =
        before !== undefined && before.to < from
          ? `nothing until ${time(from)}, `
          : "";
      const isLast = i === sections.length - 1;
      return `${hole}${isLast ? `${i > 0 ? "then " : ""}${tier}` : `${tier} until ${time(to)}`}`;
    })
    .join(", ");
}
