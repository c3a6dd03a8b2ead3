import type { Direction } from "./direction.js";
import type { Row } from "./row.js";
import { fixed, maybe, showMbps } from "./units.js";

/** A cycle's numbers as text, for its causes. */
interface Numbers {
  /** The delay or duration that belongs to the cause. */
  readonly time: string;
  /** ", load 97 %" of the rate in force; empty without byte counters. */
  readonly load: string;
  /** ", 2 of 3 samples" were bad; empty without a cut. */
  readonly votes: string;
  /** ", line carried 7.91 Mbit/s"; empty without a cut or byte counters. */
  readonly carried: string;
}

/**
 * Why a rate has its value after a cycle. The index is the code in the frame; causes are appended, never reused.
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
  { name: "idle", words: () => "idle: moving to base" },
  { name: "silence", words: (n: Numbers) => `hold: no answer for ${n.time}` },
  {
    name: "blackout",
    words: (n: Numbers) => `at most base: no answer for ${n.time}`,
  },
  {
    name: "innocent",
    words: (n: Numbers) =>
      `hold: the other direction causes the delta of ${n.time}`,
  },
  { name: "limit", words: () => "hold: at its limit" },
  {
    name: "turn",
    words: () => "hold: the other direction's turn to raise",
  },
  {
    name: "refractory",
    words: (n: Numbers) =>
      `hold: refractory ${n.time}, the last cut is working`,
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

/** The cause of a direction's rate, in words. */
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
