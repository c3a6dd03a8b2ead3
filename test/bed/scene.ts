import {
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import { systemClock, type WallMs } from "../../shared/runtime/clock.js";
import type { Line } from "./line.js";
import { type Spread, spreadOf } from "./spread.js";
import {
  DOWNLOADS,
  type Load,
  openPings,
  openTransfers,
  type Ping,
  PING_EVERY_MS,
} from "./traffic.js";
import { pause, until } from "./waiting.js";

/** A piece of the line's life. */
export interface Phase {
  readonly seconds: number;
  readonly downloadKbps: number;
  readonly uploadKbps: number;
}

/** What a phase, or a whole scene, was like. */
export interface Score {
  /** Bytes delivered over capacity, both at layer 2. */
  readonly utilisationPct: PerDirection<number>;
  /** RTT from client to server above that of the idle line, of the pings sent meanwhile. */
  readonly addedRttMs: Spread;
  /** Of those pings. */
  readonly lostPct: number;
}

export interface Outcome extends Score {
  readonly baseRttMs: number;
  readonly phases: readonly Score[];
}

/** 20 -> 8 -> 20 Mbit/s, `seconds` each: a fall and a rise, what rate control is about. */
export const fallAndRise = (seconds: number): Phase[] =>
  [20_000, 8_000, 20_000].map((downloadKbps) => ({
    seconds,
    downloadKbps,
    uploadKbps: 20_000,
  }));

const BASE_PINGS = 20;
/** The ISP's full FIFO at the lowest rate, and some. */
const LAST_ANSWER_MS = 8_000;

/** Plays the phases on a line under load, and measures what a user of the line would. */
export async function playScene(
  line: Line,
  phases: readonly Phase[],
  load: Load = DOWNLOADS,
): Promise<Outcome> {
  await using pings = openPings();
  await until("idle RTT", 10_000, () => pings.answered.length >= BASE_PINGS);
  const baseRttMs = Math.min(...pings.answered.map(({ rttMs }) => rttMs));
  const spans = await underLoad(line, phases, load);
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
  readonly capacityBits: PerDirection<number>;
  readonly deliveredBits: PerDirection<number>;
}

async function underLoad(
  line: Line,
  phases: readonly Phase[],
  load: Load,
): Promise<Span[]> {
  await using _transfers = await openTransfers(load);
  const spans: Span[] = [];
  const deliveredBytes = () => eachDirection((d) => line.deliveredBytes(d));
  let from = systemClock.wall();
  let bytes = deliveredBytes();
  for (const { seconds, downloadKbps, uploadKbps } of phases) {
    line.capacity(downloadKbps, uploadKbps);
    await pause(seconds * 1e3);
    const to = systemClock.wall();
    const before = bytes;
    bytes = deliveredBytes();
    spans.push({
      from,
      to,
      capacityBits: {
        download: downloadKbps * (to - from),
        upload: uploadKbps * (to - from),
      },
      deliveredBits: eachDirection((d) => 8 * (bytes[d] - before[d])),
    });
    from = to;
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
  const answered = pings.filter(({ sentAt }) => sentAt >= from && sentAt < to);
  return {
    utilisationPct: eachDirection(
      (d) =>
        (100 * sum((span) => span.deliveredBits[d])) /
        sum((span) => span.capacityBits[d]),
    ),
    addedRttMs: spreadOf(answered.map(({ rttMs }) => rttMs - baseRttMs)),
    lostPct:
      100 * Math.max(0, 1 - (answered.length * PING_EVERY_MS) / (to - from)),
  };
}
