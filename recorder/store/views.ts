import { DIRECTIONS } from "../../shared/contract/direction.js";
import {
  labelText,
  type Metric,
  METRICS,
} from "../../shared/contract/metrics.js";
import { field } from "../../shared/contract/row.js";
import { STATES } from "../../shared/contract/state.js";
import {
  FINER,
  ROLLED_TIERS,
  type RolledTier,
  type Tier,
  tierCode,
} from "../tiers/tier.js";
import type { Connection } from "./connection.js";
import { CYCLE_TABLES, CYCLE_VIEW, whereSql } from "./cycles/columns.js";
import { SAMPLE_UNIT } from "./samples.js";

/** Rolled up as time in each state, not as a mean. */
const STATE = "wanctl_state";

/** The parts of the metrics views for a rolled-up tier. */
function tierArms(
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

/** The mean; rounded for codes: of two codes the more frequent, else the greater. */
const MEAN = `case ${METRICS.filter(
  ({ unit, from }) => unit === "code" && from.kind === "sample",
)
  .map(
    ({ name }) =>
      `when s.metric = ${quoted(name)} then round(r.sum * ${SAMPLE_UNIT} / r.count)`,
  )
  .join(" ")} else r.sum / (r.count * ${divisor()}) end`;

/** A stored value divided by this is the metric in its unit. */
function divisor(): string {
  const whole = METRICS.flatMap(({ name, from }) =>
    from.kind === "cycle" && from.factor === 1 ? [quoted(name)] : [],
  );
  return `case when s.metric in (${[...new Set(whole)].join(", ")}) then 1.0 else 1000.0 end`;
}

/** The code of the state held longest, the worse of two. */
function longestHeld(direction: string): string {
  const cases = columnsOf(direction).map(
    (held, code) => `when ${held} then ${code}.0`,
  );
  return `case ${longest(direction)} ${cases.reverse().join(" ")} end`;
}

/** How long it was held, ms; 0 if no state is known. */
const longest = (direction: string): string =>
  `max(${columnsOf(direction).join(", ")})`;

const columnsOf = (direction: string): string[] =>
  STATES.map((state) => `v.${heldColumn(direction, state)}`);

const heldColumn = (direction: string, state: string): string =>
  `${state.toLowerCase()}_${direction}_ms`;

function quoted(text: string | null): string {
  return text === null ? "null" : `'${text.replaceAll("'", "''")}'`;
}

/**
 * The views for users, independent of the tables behind them. `cross join` fixes the join order, so that a filter on
 * timestamp_ms is a key lookup and never a full scan.
 */
const VIEWS: Readonly<Record<string, string>> = {
  cycle: CYCLE_VIEW,

  metrics: metricsOf(() => []),

  // coarser tiers end where a finer one begins. The + keeps SQLite from using these bounds as keys, not the user's
  metrics_joined: metricsOf(boundsOf),

  transitions: `
    (timestamp_ms, wan_name, direction, from_state, to_state, reason, delta_ms, threshold, threshold_ms) as
    select e.at_ms, w.name, ${detail("direction")}, ${stateName("from")}, ${stateName("to")},
      ${detail("reason")}, ${detail("deltaUs")} / 1000.0, ${detail("threshold")}, ${detail("thresholdUs")} / 1000.0
      from event e cross join wan w on w.id = e.wan where e.kind = 'transition'`,

  events: `
    (timestamp_ms, wan_name, kind, details) as
    select e.at_ms, w.name, e.kind, e.details from event e cross join wan w on w.id = e.wan`,
};

/** Conditions that bound a part of a view, on the WAN's alias `w` and the time column. */
type Bounds = (tier: Tier, timeColumn: string) => string[];

function metricsOf(bounds: Bounds): string {
  const arms = [
    ...METRICS.flatMap((metric) => cycleArm(metric, bounds)),
    `select a.at_ms / 1000, a.at_ms, w.name, s.metric, a.value, nullif(s.labels, ''), 'raw'
      from wan w cross join series s on s.wan = w.id cross join sample a on a.series = s.id
      ${whereSql(bounds("raw", "a.at_ms"))}`,
    ...ROLLED_TIERS.flatMap((tier) => tierArms(tier, bounds)),
  ];
  return `
    (timestamp, timestamp_ms, wan_name, metric_name, value, labels, granularity) as
    ${arms.join("\n    union all ")}`;
}

/** One metric of the cycles. Divides instead of multiplying: 24300 / 1000.0 is 24.3, 24300 * 0.001 is not. */
function cycleArm({ name, labels, from }: Metric, bounds: Bounds): string[] {
  if (from.kind !== "cycle") return [];
  const isAlways = field(from.field).nullMeans === undefined;
  return CYCLE_TABLES.map(
    ({ from: tables, where, sql, isKnown }) =>
      `select t.at_ms / 1000, t.at_ms, w.name, ${quoted(name)}, (${sql(from.field)}) / ${(1 / from.factor).toFixed(1)}, ${quoted(labelText(labels))}, 'raw'
      from ${tables}
      ${whereSql([...where, ...(isAlways ? [] : [isKnown(from.field)]), ...bounds("raw", "t.at_ms")])}`,
  );
}

/** Bounds such that each instant is in the finest tier that is complete there. */
function boundsOf(tier: Tier, timeColumn: string): string[] {
  const beginOf = (one: Tier) =>
    `ifnull((select p.from_ms from progress p where p.tier = ${tierCode(one)} and p.wan = w.id), 0)`;
  const begins = `+${timeColumn} >= ${beginOf(tier)}`;
  return tier === "raw"
    ? [begins]
    : [begins, `+${timeColumn} < ${beginOf(FINER[tier])}`];
}

function detail(key: string): string {
  return `json_extract(e.details, '$.${key}')`;
}

function stateName(key: string): string {
  const names = STATES.map((state, code) => `when ${code} then '${state}'`);
  return `case ${detail(key)} ${names.join(" ")} end`;
}

/** Recreates the views, which always belong to this version of the program. */
export function remakeViews(db: Connection): void {
  db.transaction(() => {
    for (const [name, text] of Object.entries(VIEWS))
      db.exec(`drop view if exists ${name}; create view ${name} ${text}`);
  }).immediate();
}
