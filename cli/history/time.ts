import type { ParsedComponents } from "chrono-node";
import { parse } from "chrono-node/en";
import { parseDuration } from "../../shared/duration.js";
import { Failure } from "../../shared/failure.js";

/** A range of wall clock time, ms since 1970: from inclusive, to exclusive. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** As typed; what is left out is not asked for. */
export interface TimeOptions {
  readonly last?: string;
  readonly from?: string;
  readonly to?: string;
}

/**
 * A moment as people type it, in this machine's time zone: ISO 8601, "20:00", "yesterday 20:00", "monday", "nov 3 8am",
 * "2h ago". A day alone is its beginning. History lies behind us: a time of day or a weekday is the last one that was.
 * @returns ms since 1970, or null where not all of the text is understood
 */
export function parseMoment(text: string, nowMs: number): number | null {
  const asked = text.trim();
  const ago = parseDuration(asked.replace(/^-|\s+ago$/g, ""));
  if (ago !== null && asked !== "" && /^-|ago$/.test(asked)) return nowMs - ago;
  if (asked.includes("/")) return null; // 3/4 is another day in every other country
  const [found, ...more] = parse(asked, { instant: new Date(nowMs) });
  const isWhole = found?.text === asked && more.length === 0 && !found.end;
  return isWhole ? momentOf(found.start, nowMs) : null;
}

function momentOf(start: ParsedComponents, nowMs: number): number {
  const at = start.date();
  // "evening" implies an hour, "yesterday" does not
  const hasTime =
    start.isCertain("hour") || start.tags().has("parser/ENCasualTimeParser");
  if (!hasTime && !start.tags().has("casualReference/now"))
    at.setHours(0, 0, 0, 0);
  if (at.getTime() <= nowMs) return at.getTime();
  if (start.isCertain("weekday")) at.setDate(at.getDate() - 7);
  else if (!start.isCertain("day")) at.setDate(at.getDate() - 1);
  else if (!start.isCertain("year")) at.setFullYear(at.getFullYear() - 1);
  return at.getTime();
}

const DEFAULT_LAST = "1h";

/**
 * The range that `--last`, `--from` and `--to` mean: an hour until now where nothing is said; `--last` counts back from
 * `--to`, or forward from `--from`. @throws Failure that names the option, the rule and the value
 */
export function timeRange(
  { last, from, to }: TimeOptions,
  nowMs: number,
): TimeRange {
  const moment = (option: string, text: string | undefined) => {
    if (text === undefined) return null;
    const at = parseMoment(text, nowMs);
    if (at !== null) return at;
    throw new Failure(
      `Cannot read ${option} '${text}': must be a time like 2026-03-01T20:00, 20:00, 'yesterday 20:00' or 2h ago`,
    );
  };
  const fromMs = moment("--from", from);
  const toMs = moment("--to", to);
  if (last !== undefined && fromMs !== null && toMs !== null)
    throw new Failure(
      `Cannot use --last '${last}': must not stand beside both --from and --to`,
    );
  const lastMs = parseDuration(last ?? DEFAULT_LAST);
  if (lastMs === null)
    throw new Failure(
      `Cannot read --last '${last}': must be a duration like 90m, 1h30m or 7d`,
    );
  const end =
    toMs ?? (fromMs !== null && last !== undefined ? fromMs + lastMs : nowMs);
  const range = { fromMs: fromMs ?? end - lastMs, toMs: end };
  if (range.fromMs < range.toMs) return range;
  throw new Failure(
    `Cannot show '${new Date(range.fromMs).toISOString()}' to '${new Date(range.toMs).toISOString()}': must begin before it ends`,
  );
}
