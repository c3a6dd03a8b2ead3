const SECOND = 1e3;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span in words: "40 ms", "2.4 s", "3 min", "5 h 12 min", "9 d 3 h"; "—" where it is not known. */
export function showSpan(ms: number | null): string {
  if (ms === null) return "—";
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < 2 * MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY)
    return `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`;
  return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`;
}

/** The keys of details that are instants, as `fromMs` or `last_at_ms`; every other number of ms is a span. */
const INSTANT = /(^|_)(at|from|to|began|ended|since|until)_?ms$/i;

/** An event and its details in words, but for changes of state and configurations: "reflector lost: reflector 1.1.1.1, quiet 5.0 s". */
export function factsInWords(
  kind: string,
  details: Readonly<Record<string, unknown>>,
  instant: (atMs: number) => string,
): string {
  const facts = Object.entries(details).map(([key, value]) =>
    fact(key, value, instant),
  );
  return [kind.replaceAll("_", " "), facts.join(", ")]
    .filter(Boolean)
    .join(": ");
}

function fact(
  key: string,
  value: unknown,
  instant: (atMs: number) => string,
): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (key === "cause" || key === "reason" || key === "error") return text;
  const words = key
    .replace(/_?ms$/i, "")
    .replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)
    .replaceAll("_", " ");
  if (typeof value !== "number" || !/ms$/i.test(key)) return `${words} ${text}`;
  if (INSTANT.test(key)) return `${words} ${instant(value)}`;
  return `${words} ${value <= -0.5 ? "-" : ""}${showSpan(Math.abs(value))}`;
}
