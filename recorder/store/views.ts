import { labelText, METRICS, type Metric } from "../../shared/metrics.js";
import { column } from "../../shared/row.js";
import { STATES } from "../../shared/state.js";
import type { Connection } from "./connection.js";

/**
 * What people read, over whatever tables lie beneath. `cross join` keeps the order written here: the few WANs outside,
 * within each a search by its key, so that a filter on timestamp_ms or wan_name never reads the whole history.
 */
const VIEWS: Readonly<Record<string, string>> = {
  metrics: `
    (timestamp, timestamp_ms, wan_name, metric_name, value, labels, granularity) as
    ${METRICS.flatMap(cycleArm).join("\n    union all ")}
    union all select a.at_ms / 1000, a.at_ms, w.name, s.metric, a.value, nullif(s.labels, ''), 'raw'
      from wan w cross join series s on s.wan = w.id cross join sample a on a.series = s.id`,

  metrics_joined: "as select * from metrics",

  transitions: `
    (timestamp_ms, wan_name, direction, from_state, to_state, reason, delta_ms, threshold, threshold_ms) as
    select e.at_ms, w.name, ${detail("direction")}, ${stateName("from")}, ${stateName("to")},
      ${detail("reason")}, ${detail("deltaUs")} / 1000.0, ${detail("threshold")}, ${detail("thresholdUs")} / 1000.0
      from wan w cross join event e on e.wan = w.id where e.kind = 'transition'`,

  events: `
    (timestamp_ms, wan_name, kind, details) as
    select e.at_ms, w.name, e.kind, e.details from wan w cross join event e on e.wan = w.id`,
};

/** One metric out of the cycle table. Divided rather than multiplied: 24300 / 1000.0 is 24.3, 24300 * 0.001 is not. */
function cycleArm({ name, labels, from }: Metric): string[] {
  if (from.kind !== "cycle") return [];
  const value = `c.${column(from.field)}`;
  return [
    `select c.at_ms / 1000, c.at_ms, w.name, ${quoted(name)}, ${value} / ${(1 / from.factor).toFixed(1)}, ${quoted(labelText(labels))}, 'raw'
      from wan w cross join cycle c on c.wan = w.id where ${value} is not null`,
  ];
}

function detail(key: string): string {
  return `json_extract(e.details, '$.${key}')`;
}

function stateName(key: string): string {
  const names = STATES.map((state, code) => `when ${code} then '${state}'`);
  return `case ${detail(key)} ${names.join(" ")} end`;
}

function quoted(text: string | null): string {
  return text === null ? "null" : `'${text.replaceAll("'", "''")}'`;
}

/** Makes the views anew: they are derived from the program, not from what an older one left. */
export function remakeViews(db: Connection): void {
  db.transaction(() => {
    for (const [name, text] of Object.entries(VIEWS))
      db.exec(`drop view if exists ${name}; create view ${name} ${text}`);
  }).immediate();
}
