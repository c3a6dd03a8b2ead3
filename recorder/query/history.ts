import type {
  EventsAnswer,
  GapsAnswer,
  RangeAnswer,
  SeriesAnswer,
  SummaryAnswer,
} from "../../shared/contract/history.js";

/** From `fromMs` to before `toMs`, ms since 1970; of all WANs where none is named. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly wans?: readonly string[] | undefined;
}

/** Metrics by name, or by family: see families.ts. All where none is named. */
export interface Selection extends Span {
  readonly metrics?: readonly string[] | undefined;
}

/** How fine: in no more than so many steps, in steps of a length, or every cycle at its own time. */
export type Resolution =
  { readonly points: number } | { readonly stepMs: number } | "cycle";

/** `next` of the answer before; the rest of the query must be as it was. */
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
 * What can be asked about the past. HTTP, the recorder's socket and `--db` ask it alike, so they answer alike. Reads in
 * short turns; `signal` ends it early.
 * @throws QueryError where a query cannot be answered as it stands; Failure where the database cannot be read
 */
export interface History {
  series(signal?: AbortSignal): Promise<SeriesAnswer>;
  range(query: RangeQuery, signal?: AbortSignal): Promise<RangeAnswer>;
  summary(query: Selection, signal?: AbortSignal): Promise<SummaryAnswer>;
  events(query: EventsQuery, signal?: AbortSignal): Promise<EventsAnswer>;
  gaps(query: GapsQuery, signal?: AbortSignal): Promise<GapsAnswer>;
}

/** What is wrong with a query, and of which part. */
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
