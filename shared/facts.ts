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

/** Below it a number of ms is a span, from it on an instant: a hundred years, and 1973. */
const INSTANT_MS = 1e11;

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
  if (Math.abs(value) >= INSTANT_MS) return `${words} ${instant(value)}`;
  return `${words} ${value < 0 ? "-" : ""}${showSpan(Math.abs(value))}`;
}
