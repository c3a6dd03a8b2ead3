/**
 * Why a rate is what it is after a cycle. The place in the list is the code in the frame; `us` is the one number that
 * belongs to it, a delay or a duration in µs. Codes are appended, never reused.
 */
export const CAUSES = [
  { name: "start", words: () => "start: nothing measured yet" },
  { name: "cut", words: (us: string) => `cut: delta ${us}` },
  { name: "drain", words: (us: string) => `hold: draining, delta ${us}` },
  {
    name: "return",
    words: () => "raise: drained, back to what the line carried",
  },
  { name: "settle", words: (us: string) => `hold: settling for ${us}` },
  {
    name: "raise",
    words: (us: string) => `raise: in use and clean, delta ${us}`,
  },
  { name: "delta", words: (us: string) => `hold: delta ${us}` },
  { name: "unused", words: () => "hold: line not in full use" },
  { name: "idle", words: () => "idle: drifting to base" },
  { name: "silence", words: (us: string) => `hold: no answer for ${us}` },
  {
    name: "blackout",
    words: (us: string) => `at most base: no answer for ${us}`,
  },
  {
    name: "innocent",
    words: (us: string) => `hold: delta ${us} is the other direction's`,
  },
  { name: "limit", words: () => "hold: at its limit" },
  {
    name: "turn",
    words: () => "hold: the other direction's turn to look for room",
  },
] as const;

export type Cause = (typeof CAUSES)[number]["name"];

const NAMES: readonly string[] = CAUSES.map((cause) => cause.name);

export const causeCode = (cause: Cause): number => NAMES.indexOf(cause);

/** A sentence for people, from the two numbers in the frame. */
export function causeInWords(code: number, us: number | null): string {
  const number =
    us === null
      ? "—"
      : Math.abs(us) < 1e6
        ? `${(us / 1e3).toFixed(0)} ms`
        : `${(us / 1e6).toFixed(1)} s`;
  return CAUSES[code]?.words(number) ?? `cause ${code}`;
}
