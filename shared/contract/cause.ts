import type { Direction } from "./direction.js";
import type { Row } from "./row.js";
import { fixed, maybe, showMbps } from "./units.js";

/** The numbers of a cycle that its causes are told with, as text. */
interface Numbers {
  /** The delay or duration that belongs to the cause. */
  readonly time: string;
  /** ", load 97 %" of the rate in force; empty without counters, as the next two are where nothing was seen. */
  readonly load: string;
  /** ", 2 of 3 samples": how many were bad. */
  readonly votes: string;
  /** ", line carried 7.91 Mbit/s" */
  readonly carried: string;
}

/**
 * Why a rate is what it is after a cycle. The place in the list is the code in the frame. Codes are appended, never
 * reused.
 */
export const CAUSES = [
  { name: "start", words: () => "start: nothing measured yet" },
  {
    name: "cut",
    words: ({ time, votes, load, carried }: Numbers) =>
      `cut: delta ${time}${votes}${load}${carried}`,
  },
  { name: "drain", words: (n: Numbers) => `hold: draining, delta ${n.time}` },
  {
    name: "return",
    words: () => "raise: drained, back to what the line carried",
  },
  { name: "settle", words: (n: Numbers) => `hold: settling for ${n.time}` },
  {
    name: "raise",
    words: (n: Numbers) => `raise: delta ${n.time}${n.load}`,
  },
  { name: "delta", words: (n: Numbers) => `hold: delta ${n.time}` },
  {
    name: "unused",
    words: (n: Numbers) => `hold: not in full use${n.load}`,
  },
  { name: "idle", words: () => "idle: drifting to base" },
  { name: "silence", words: (n: Numbers) => `hold: no answer for ${n.time}` },
  {
    name: "blackout",
    words: (n: Numbers) => `at most base: no answer for ${n.time}`,
  },
  {
    name: "innocent",
    words: (n: Numbers) => `hold: delta ${n.time} is the other direction's`,
  },
  { name: "limit", words: () => "hold: at its limit" },
  {
    name: "turn",
    words: () => "hold: the other direction's turn to look for room",
  },
  {
    name: "refractory",
    words: (n: Numbers) => `hold: refractory ${n.time}, the last cut works`,
  },
  {
    name: "futile",
    words: (n: Numbers) =>
      `hold: delta ${n.time}, and the last cut changed nothing${n.load}`,
  },
] as const;

export type Cause = (typeof CAUSES)[number]["name"];

const NAMES: readonly string[] = CAUSES.map((cause) => cause.name);

export const causeCode = (cause: Cause): number => NAMES.indexOf(cause);

const CAPITAL = { download: "Download", upload: "Upload" } as const;

/** Why a direction's rate is what it is, as a sentence for people. */
export function causeInWords(row: Row, direction: Direction): string {
  const D = CAPITAL[direction];
  const code = row[`cause${D}`];
  const bad = row[`bad${D}`];
  const load = row[`load${D}Kbps`];
  const carried = row[`carried${D}Kbps`];
  const rate = row[`enforced${D}Kbps`] ?? row[`wanted${D}Kbps`];
  const numbers = {
    time: showTime(row[`cause${D}Us`]),
    load: load === null ? "" : `, load ${Math.round((100 * load) / rate)} %`,
    votes: bad === null ? "" : `, ${bad} of ${row[`samples${D}`]} samples`,
    carried:
      maybe(carried, (k) => `, line carried ${showMbps(k)} Mbit/s`) ?? "",
  };
  return CAUSES[code]?.words(numbers) ?? `cause ${code}`;
}

const showTime = (us: number | null): string =>
  us === null
    ? "—"
    : Math.abs(us) < 1e6
      ? `${fixed(us / 1e3, 0)} ms`
      : `${(us / 1e6).toFixed(1)} s`;
