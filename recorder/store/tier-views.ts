import { DIRECTIONS } from "../../shared/contract/direction.js";
import { labelText, METRICS } from "../../shared/contract/metrics.js";
import { STATES } from "../../shared/contract/state.js";
import { type RolledTier, type Tier, tierCode } from "../tiers/tier.js";
import { SAMPLE_UNIT } from "./samples.js";

/** Shown by the time spent in each, not by their mean. */
const STATE = "wanctl_state";

/** What a rolled-up tier has to show, as arms of the metrics views. */
export function tierArms(
  tier: RolledTier,
  bounds: (tier: Tier, timeColumn: string) => readonly string[],
): string[] {
  const code = tierCode(tier);
  const and = (timeColumn: string) =>
    bounds(tier, timeColumn)
      .map((condition) => ` and ${condition}`)
      .join("");
  return [
    `select r.bucket_ms / 1000, r.bucket_ms, w.name, s.metric, ${MEAN}, nullif(s.labels, ''), '${tier}'
      from rollup r cross join series s on s.id = r.series cross join wan w on w.id = s.wan
      where r.tier = ${code} and s.metric <> '${STATE}'${and("r.bucket_ms")}`,
    ...DIRECTIONS.map(
      (direction) =>
        `select v.bucket_ms / 1000, v.bucket_ms, w.name, '${STATE}', ${longestHeld(direction)}, ${quoted(labelText({ direction }))}, '${tier}'
      from wan w cross join coverage v on v.tier = ${code} and v.wan = w.id
      where v.cycles > 0 and ${longest(direction)} > 0${and("v.bucket_ms")}`,
    ),
  ];
}

/** Codes have no mean: the one most samples had, of two the greater. */
const MEAN = `case ${METRICS.filter(
  ({ unit, from }) => unit === "code" && from.kind === "sample",
)
  .map(
    ({ name }) =>
      `when s.metric = ${quoted(name)} then round(r.sum * ${SAMPLE_UNIT} / r.count)`,
  )
  .join(" ")} else r.sum / (r.count * ${divisor()}) end`;

/** What is stored of a metric, divided by this, is the metric in its unit. */
function divisor(): string {
  const whole = METRICS.flatMap(({ name, from }) =>
    from.kind === "cycle" && from.factor === 1 ? [quoted(name)] : [],
  );
  return `case when s.metric in (${[...new Set(whole)].join(", ")}) then 1.0 else 1000.0 end`;
}

/** The code of the state held longest, of two the worse. */
function longestHeld(direction: string): string {
  const cases = columnsOf(direction).map(
    (held, code) => `when ${held} then ${code}.0`,
  );
  return `case ${longest(direction)} ${cases.reverse().join(" ")} end`;
}

/** For how long it was held; 0 where no state is known. */
const longest = (direction: string): string =>
  `max(${columnsOf(direction).join(", ")})`;

const columnsOf = (direction: string): string[] =>
  STATES.map((state) => `v.${heldColumn(direction, state)}`);

const heldColumn = (direction: string, state: string): string =>
  `${state.toLowerCase()}_${direction}_ms`;

export function quoted(text: string | null): string {
  return text === null ? "null" : `'${text.replaceAll("'", "''")}'`;
}
