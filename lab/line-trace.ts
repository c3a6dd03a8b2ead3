import type { CapacityStep } from "../controller/simulation/plan.js";
import { BITS_PER_MBIT, mbit } from "../shared/contract/units.js";
import { constant } from "./capacity.js";
import { scenario, type Scenario } from "./scenario.js";

/** What a download could carry while it was recorded. Plain data, which can be sent to another thread. */
export interface LineTrace {
  readonly name: string;
  readonly seconds: number;
  /** The first from 0. */
  readonly steps: readonly CapacityStep[];
}

/** Packets of a Mahimahi trace are counted over so long, ms: shorter steps would hold single packets of slow lines. */
const STEP_MS = 500;
/** The largest packet that Mahimahi lets through at each opportunity (`PACKET_SIZE` in its `link_queue.hh`). */
const PACKET_BITS = 8 * 1504;
const LONGEST_S = 3600;

/**
 * Reads a trace of Mahimahi's, which has a line with the time, ms, of each opportunity to send a packet; or capacities
 * by the second from which they hold, `0:20000,30:8000,60:20000` in kbit/s, of which the last lasts as long as the one
 * before. A trace begins where it first carries something.
 * @throws Error which says what is wrong
 */
export function readLineTrace(name: string, text: string): LineTrace {
  const { endMs, steps } = text.includes(":")
    ? readSteps(text)
    : readOpportunities(text);
  const carrying = steps.slice(steps.findIndex(({ bps }) => bps > 0));
  const startMs = carrying[0]?.fromMs;
  if (startMs === undefined || carrying[0]?.bps === 0 || endMs <= startMs)
    throw new Error("carries nothing");
  return {
    name,
    seconds: (endMs - startMs) / 1e3,
    steps: carrying.map(({ fromMs, bps }) => ({
      fromMs: fromMs - startMs,
      bps,
    })),
  };
}

interface Read {
  readonly endMs: number;
  readonly steps: readonly CapacityStep[];
}

function readOpportunities(text: string): Read {
  const instantsMs = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map((line, i) => numberOf(line, `line ${i + 1}`));
  demandTimes(instantsMs);
  // the last step is left out where the trace ends within it
  const endMs = Math.floor((instantsMs.at(-1) ?? 0) / STEP_MS) * STEP_MS;
  const packets = Array.from({ length: endMs / STEP_MS }, () => 0);
  for (const ms of instantsMs) {
    const step = Math.floor(ms / STEP_MS);
    const before = packets[step];
    if (before !== undefined) packets[step] = before + 1;
  }
  const steps = packets.map((count, i) => ({
    fromMs: i * STEP_MS,
    bps: (1e3 * count * PACKET_BITS) / STEP_MS,
  }));
  return { endMs, steps };
}

function readSteps(text: string): Read {
  const steps = text.split(",").map((part, i) => {
    const [second, kbps, ...rest] = part.split(":");
    const where = `step ${i + 1}`;
    if (second === undefined || kbps === undefined || rest.length > 0)
      throw new Error(`${where} must be SECOND:KBIT/S, is '${shown(part)}'`);
    return {
      fromMs: Math.round(1e3 * numberOf(second, where)),
      bps: 1e3 * numberOf(kbps, where),
    };
  });
  const instantsMs = steps.map(({ fromMs }) => fromMs);
  demandTimes(instantsMs);
  if (instantsMs[0] !== 0) throw new Error("step 1 must begin at second 0");
  const [last = 0, before = 0] = instantsMs.reverse();
  return { endMs: 2 * last - before, steps };
}

function numberOf(text: string, where: string): number {
  const value = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : NaN;
  if (!(value <= Number.MAX_SAFE_INTEGER))
    throw new Error(`${where} must have a number, is '${shown(text)}'`);
  return value;
}

/** The beginning of what was found instead. */
const shown = (text: string): string =>
  text.trim().split(/\s/)[0]?.slice(0, 20) ?? "";

function demandTimes(instantsMs: readonly number[]): void {
  const place = instantsMs.findIndex((ms, i) => ms < (instantsMs[i - 1] ?? 0));
  if (place >= 0) throw new Error(`place ${place + 1} goes back in time`);
  if ((instantsMs.at(-1) ?? 0) > 1e3 * LONGEST_S)
    throw new Error(`must be at most ${LONGEST_S} s long`);
}

/** What a trace carries on average and at most, Mbit/s. */
export function traceRates({ steps, seconds }: LineTrace) {
  const bits = steps.reduce((sum, { fromMs, bps }, i) => {
    const untilMs = steps[i + 1]?.fromMs ?? 1e3 * seconds;
    return sum + (bps * (untilMs - fromMs)) / 1e3;
  }, 0);
  return {
    mean: bits / seconds / BITS_PER_MBIT,
    most: Math.max(...steps.map(({ bps }) => bps)) / BITS_PER_MBIT,
  };
}

/** Lowest rate as part of the highest; for recorded mobile lines about 1 Mbit/s. */
const FLOOR_RATIO = 1 / 15;
const CEILING_RATIO = 1.05;
/** What the ISP's buffer holds, as time at the mean capacity. */
const BUFFER_MS = 1000;

/** Scenarios `T1`, `T2`, ...: four downloads on recorded lines, with a base rate that is their mean. */
export const traceScenarios = (
  traces: readonly LineTrace[],
): readonly Scenario[] =>
  traces.map((trace, i) => {
    const { mean, most } = traceRates(trace);
    const firstBps = trace.steps[0]?.bps ?? 0;
    return scenario({
      id: `T${i + 1}`,
      title: `trace ${trace.name}, mean ${mean.toFixed(2)} Mbit/s`,
      seconds: trace.seconds,
      nominal: { download: most, upload: most / 2 },
      capacity: { download: () => trace.steps, upload: constant(most / 2) },
      flows: { download: 4, upload: 0 },
      loadFromMs: 0,
      scoredFromMs: 0,
      bufferMs: (BUFFER_MS * mbit(mean)) / firstBps,
      kind: "lte",
      bounds: [FLOOR_RATIO, mean / most, CEILING_RATIO],
    });
  });
