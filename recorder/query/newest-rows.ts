import type { RangeAnswer } from "../../shared/contract/history.js";
import type { TierName } from "../../shared/contract/tier.js";
import { HOUR_MS } from "../../shared/contract/units.js";
import { STEP_MS, type Tier, TIERS } from "../tiers/tier.js";
import type {
  History,
  RangeQuery,
  Resolution,
  Selection,
  Span,
} from "./history.js";

/** One value as a row, in the format of wanctl 1. */
export interface ValueRow {
  readonly at: number;
  readonly wan: string;
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly granularity: TierName;
}

interface ValueRows {
  readonly rows: readonly ValueRow[];
  /** Total number of rows; null if not all were read. */
  readonly total: number | null;
  readonly granularity: TierName;
}

/** Factors by which the window read at once grows, and shrinks if it does not fit in one answer. */
const MORE = 4;
const LESS = 16;

/** Rows per second of one WAN, all metrics. */
const ROWS_A_SECOND = 20 * 18;

/** The tier of the rows, by the length of the span. */
function tierFor({ fromMs, toMs }: Span): Tier {
  const hours = (toMs - fromMs) / HOUR_MS;
  if (hours < 6) return "raw";
  if (hours < 24) return "1m";
  return hours < 7 * 24 ? "5m" : "1h";
}

/** `count` rows from `offset`, newest first: reads backwards, one window at a time, until there are enough. */
export async function newestRows(
  history: History,
  selection: Selection,
  { offset, count }: { readonly offset: number; readonly count: number },
  signal?: AbortSignal,
): Promise<ValueRows> {
  const { fromMs, toMs } = selection;
  const granularity = tierFor(selection);
  const resolution: Resolution =
    granularity === "raw" ? "cycle" : { stepMs: STEP_MS[granularity] };
  const rows: ValueRow[] = [];
  const firstMs = firstLengthMs(granularity, offset + count);
  let lengthMs = firstMs;
  let endMs = toMs;
  while (endMs > fromMs && rows.length <= offset + count) {
    const beginMs = Math.max(fromMs, floor(endMs - lengthMs, granularity));
    const found = await rowsIn(
      history,
      { ...selection, fromMs: beginMs, toMs: endMs, resolution },
      granularity,
      lengthMs > firstMs,
      signal,
    );
    if (found === null) {
      lengthMs = Math.max(firstMs, lengthMs / LESS);
      continue;
    }
    for (const row of found) rows.push(row);
    endMs = beginMs;
    lengthMs *= MORE;
  }
  return {
    rows: rows.slice(offset, offset + count),
    total: endMs > fromMs ? null : rows.length,
    granularity,
  };
}

/** All rows of a span, newest first; null if `isOneAnswer` and they do not fit in one answer. */
async function rowsIn(
  history: History,
  query: RangeQuery,
  granularity: Tier,
  isOneAnswer: boolean,
  signal?: AbortSignal,
): Promise<ValueRow[] | null> {
  const rows: ValueRow[] = [];
  for (let cursor: string | undefined; ;) {
    const answer = await history.range({ ...query, cursor }, signal);
    cursor = answer.metadata.next ?? undefined;
    if (isOneAnswer && cursor !== undefined) return null;
    for (const row of rowsOf(answer, granularity))
      if (row.at >= query.fromMs && row.at < query.toMs) rows.push(row);
    if (cursor === undefined) return rows.sort((a, b) => b.at - a.at);
  }
}

function firstLengthMs(tier: Tier, rows: number): number {
  const lengthMs = (rows / ROWS_A_SECOND) * 1e3;
  return tier === "raw" ? Math.max(1_000, lengthMs) : STEP_MS[tier] * 20;
}

const floor = (ms: number, tier: Tier): number =>
  tier === "raw"
    ? Math.floor(ms)
    : Math.floor(ms / STEP_MS[tier]) * STEP_MS[tier];

function* rowsOf(
  { data, metadata }: RangeAnswer,
  wished: TierName,
): Generator<ValueRow> {
  for (const { wan, metric, labels, at, avg } of data) {
    const sections =
      metadata.wans.find((each) => each.wan === wan)?.sections ?? [];
    for (const [place, atMs] of at.entries()) {
      const own = sections.findLast(({ from }) => from <= atMs) ?? sections[0];
      const value = avg[place] ?? NaN;
      const granularity = coarser(wished, own?.tier ?? wished);
      yield { at: atMs, wan, metric, labels, value, granularity };
    }
  }
}

const coarser = (a: TierName, b: TierName): TierName =>
  TIERS.indexOf(a) > TIERS.indexOf(b) ? a : b;
