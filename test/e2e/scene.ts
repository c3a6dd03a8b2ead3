import { systemClock, type WallMs } from "../../shared/clock.js";
import type { Line } from "./line.js";
import { spreadOf, type Spread } from "./spread.js";
import { openDownloads, openPings, type Ping } from "./traffic.js";
import { pause, until } from "./waiting.js";

/** A piece of the line's life. */
export interface Phase {
  readonly seconds: number;
  readonly downloadKbps: number;
}

/** What a phase, or a whole scene, was like. */
export interface Score {
  /** Bytes delivered to the client over capacity, both at layer 2. */
  readonly utilisationPct: number;
  /** RTT from client to server above that of the idle line, of the pings sent meanwhile. */
  readonly addedRttMs: Spread;
}

export interface Outcome extends Score {
  readonly baseRttMs: number;
  readonly phases: readonly Score[];
}

/** 20 -> 8 -> 20 Mbit/s, `seconds` each: a fall and a rise, what rate control is about. */
export const fallAndRise = (seconds: number): Phase[] =>
  [20_000, 8_000, 20_000].map((downloadKbps) => ({ seconds, downloadKbps }));

const BASE_PINGS = 20;
/** The ISP's full FIFO at the lowest rate, and some. */
const LAST_ANSWER_MS = 8_000;

/** Plays the phases on a line under full download load, and measures what a user of the line would. */
export async function playScene(
  line: Line,
  phases: readonly Phase[],
): Promise<Outcome> {
  await using pings = openPings();
  await until("idle RTT", 10_000, () => pings.answered.length >= BASE_PINGS);
  const baseRttMs = Math.min(...pings.answered.map(({ rttMs }) => rttMs));
  const spans = await underLoad(line, phases);
  const end = spans.at(-1)?.to ?? 0;
  await until("the last answers", LAST_ANSWER_MS, () =>
    pings.answered.some(({ sentAt }) => sentAt > end),
  );
  const score = (some: readonly Span[]) =>
    scoreOf(some, pings.answered, baseRttMs);
  return {
    ...score(spans),
    baseRttMs,
    phases: spans.map((span) => score([span])),
  };
}

/** What the line could carry and did carry between two instants. */
interface Span {
  readonly from: WallMs;
  readonly to: WallMs;
  readonly capacityBits: number;
  readonly deliveredBits: number;
}

async function underLoad(
  line: Line,
  phases: readonly Phase[],
): Promise<Span[]> {
  await using _downloads = await openDownloads();
  const spans: Span[] = [];
  let from = systemClock.wall();
  let bytes = line.deliveredBytes();
  for (const { downloadKbps, seconds } of phases) {
    line.capacity(downloadKbps);
    await pause(seconds * 1e3);
    const to = systemClock.wall();
    const delivered = line.deliveredBytes();
    spans.push({
      from,
      to,
      capacityBits: downloadKbps * (to - from),
      deliveredBits: 8 * (delivered - bytes),
    });
    from = to;
    bytes = delivered;
  }
  return spans;
}

/** @param spans one after the other, without a hole */
function scoreOf(
  spans: readonly Span[],
  pings: readonly Ping[],
  baseRttMs: number,
): Score {
  const sum = (of: (span: Span) => number) =>
    spans.reduce((total, span) => total + of(span), 0);
  const from = spans[0]?.from ?? 0;
  const to = spans.at(-1)?.to ?? 0;
  return {
    utilisationPct:
      (100 * sum((span) => span.deliveredBits)) /
      sum((span) => span.capacityBits),
    addedRttMs: spreadOf(
      pings
        .filter(({ sentAt }) => sentAt >= from && sentAt < to)
        .map(({ rttMs }) => rttMs - baseRttMs),
    ),
  };
}
