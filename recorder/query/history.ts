import { type TimeRange } from "../../shared/contract/units.js";
import type {
  EventsAnswer,
  GapsAnswer,
  RangeAnswer,
  SeriesAnswer,
  SummaryAnswer,
} from "../../shared/contract/history.js";

/** From `fromMs` to `toMs` (exclusive), ms since 1970; all WANs if `wans` is undefined. */
export interface Span extends TimeRange {
  readonly wans?: readonly string[] | undefined;
}

/** Metrics by name or family, see shared/contract/metrics.ts; all if undefined. */
export interface Selection extends Span {
  readonly metrics?: readonly string[] | undefined;
}

/** At most `points` steps, steps of fixed length, or single cycles at their own times. */
export type Resolution =
  { readonly points: number } | { readonly stepMs: number } | "cycle";

/** `next` of the previous answer; the rest of the query must be unchanged. */
interface Paged {
  readonly cursor?: string | undefined;
}

export interface RangeQuery extends Selection, Paged {
  readonly resolution: Resolution;
}

export interface EventsQuery extends Span, Paged {
  readonly kinds?: readonly string[] | undefined;
  readonly limit: number;
}

export interface GapsQuery extends Span, Paged {
  readonly limit: number;
}

/**
 * Queries on the history. HTTP, the recorder's socket and `--db` all use it, so their answers are equal. Reads in short
 * slices; `signal` cancels.
 * @throws QueryError if a query is invalid; Failure if the database cannot be read
 */
export interface History {
  series(signal?: AbortSignal): Promise<SeriesAnswer>;
  range(query: RangeQuery, signal?: AbortSignal): Promise<RangeAnswer>;
  summary(query: Selection, signal?: AbortSignal): Promise<SummaryAnswer>;
  events(query: EventsQuery, signal?: AbortSignal): Promise<EventsAnswer>;
  gaps(query: GapsQuery, signal?: AbortSignal): Promise<GapsAnswer>;
}

/** An invalid query parameter. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  readonly parameter: string;
  readonly rule: string;
  readonly value: unknown;
  constructor(parameter: string, rule: string, value: unknown) {
    super(
      `Cannot read parameter '${parameter}': ${rule}: got ${JSON.stringify(value).slice(0, 80)}`,
    );
    this.parameter = parameter;
    this.rule = rule;
    this.value = value;
  }
}
