/** An instant in a query: ms since 1970, or ISO 8601 to the minute or finer with its zone, for whose clock would it be? */
export const INSTANT =
  /^(\d{1,15}|\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+ -]\d\d:\d\d))$/;

/** From `fromMs` to before `toMs`. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const DAY_MS = 86_400_000;

/** ms since 1970; null where the text is none. A `+` that nobody escaped comes as a space, and is meant all the same. */
export function instantMs(text: string): number | null {
  if (!INSTANT.test(text)) return null;
  if (/^\d+$/.test(text)) return Number(text);
  const [day = ""] = text.split("T");
  const ms = Date.parse(text.replace(" ", "+"));
  return Number.isNaN(ms) || !isDay(day) ? null : ms;
}

/** 30 February would be read as 2 March. */
const isDay = (text: string): boolean =>
  new Date(text).toISOString().startsWith(text);

/** The last 24 hours, where nothing else is said. */
export function spanOf(
  fromMs: number | undefined,
  toMs: number | undefined,
  nowMs: number,
): Span {
  const end = toMs ?? Math.max(nowMs, fromMs ?? 0) + 1;
  return { fromMs: fromMs ?? Math.max(0, end - DAY_MS), toMs: end };
}
