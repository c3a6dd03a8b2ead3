import { type TimeRange } from "../../shared/contract/units.js";
import type { Resolution } from "../../recorder/query/history.js";
import { parseDuration } from "../../shared/config/format.js";
import { WAN_NAME } from "../../shared/contract/frame.js";
import { FAMILIES, metricsIn } from "../../shared/contract/metrics.js";
import { PERIOD_MS } from "../../shared/contract/row.js";
import { Failure } from "../../shared/runtime/failure.js";
import { type TimeOptions, timeRange } from "./time.js";

/** The options of `wanctl history` as typed; conflicts between options are declared in commands/history.ts. */
export interface HistoryOptions extends TimeOptions {
  readonly wan?: readonly string[];
  readonly metrics?: readonly string[];
  readonly step?: string;
  readonly points?: string;
  readonly json?: true;
  readonly csv?: true;
  readonly summary?: true;
  readonly plot?: true;
  readonly events?: true;
  readonly follow?: true;
  readonly db?: string;
  readonly url?: string;
  readonly runDir?: string;
}

export interface HistoryQuestion {
  readonly range: TimeRange;
  /** Undefined: all. */
  readonly wans: readonly string[] | undefined;
  /** Exact names; null if not given. */
  readonly metrics: readonly string[] | null;
  readonly what: "values" | "summary" | "events" | "plot";
  readonly as: "text" | "json" | "csv";
  /** Null if not given. */
  readonly resolution: Resolution | null;
  readonly follow: boolean;
}

const POINTS_MAX = 5_000;

/** @throws Failure that names the option, the rule and the value */
export function questionOf(
  options: HistoryOptions,
  nowMs: number,
): HistoryQuestion {
  const { wan, metrics, step, points } = options;
  for (const name of wan ?? [])
    if (!WAN_NAME.test(name))
      throw refusal("--wan", name, "must be the name of a WAN, like spectrum");
  const { fromMs, toMs } = timeRange(options, nowMs);
  return {
    range: { fromMs: Math.floor(fromMs), toMs: Math.ceil(toMs) },
    wans: wan && [...new Set(wan)],
    metrics: metrics === undefined ? null : metricsOf(metrics),
    what: options.summary
      ? "summary"
      : options.plot
        ? "plot"
        : options.events
          ? "events"
          : "values",
    as: options.json ? "json" : options.csv ? "csv" : "text",
    resolution:
      step !== undefined
        ? stepOf(step)
        : points !== undefined
          ? { points: pointsOf(points) }
          : null,
    follow: options.follow ?? false,
  };
}

const refusal = (option: string, value: string, rule: string): Failure =>
  new Failure(`Cannot read ${option} '${value}': ${rule}`);

function metricsOf(lists: readonly string[]): readonly string[] {
  const words = lists.flatMap((list) => list.split(",")).map((w) => w.trim());
  const found = words.flatMap((word) => {
    const names = metricsIn(word);
    if (names !== null) return names;
    throw refusal(
      "--metrics",
      word,
      `must be one of ${Object.keys(FAMILIES).join(", ")}, or a metric's full name like wanctl_rtt_ms`,
    );
  });
  return [...new Set(found)];
}

function stepOf(text: string): Resolution {
  if (text === "cycle") return "cycle";
  const ms = parseDuration(text);
  if (ms !== null && ms >= PERIOD_MS && Number.isInteger(ms))
    return { stepMs: ms };
  throw refusal(
    "--step",
    text,
    `must be cycle, or a duration of at least ${PERIOD_MS}ms like 1s, 5m or 1h`,
  );
}

function pointsOf(text: string): number {
  const points = /^\d+$/.test(text) ? Number(text) : NaN;
  if (points >= 1 && points <= POINTS_MAX) return points;
  throw refusal(
    "--points",
    text,
    `must be a whole number from 1 to ${POINTS_MAX}`,
  );
}
