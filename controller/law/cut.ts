import type { Direction } from "../../shared/contract/direction.js";
import { clamp } from "../../shared/contract/units.js";
import { later, type MonoMs, msSince } from "../../shared/runtime/clock.js";
import type { Sample } from "./estimator.js";
import { type Evidence, runAbove } from "./evidence.js";
import {
  type CutEvidence,
  withRate,
  withCause,
  drainFor,
  isWorse,
  type RateState,
  type StepInput,
  trimMs,
  windowMs,
} from "./rate-state.js";
import { gainsFor, nextRestlessness } from "./restlessness.js";
import { rateBetween, type Traffic } from "./traffic.js";
import { TUNING } from "./tuning.js";

/** What a capacity is estimated from. */
interface CapacityInput {
  readonly direction: Direction;
  readonly evidence: Evidence;
  readonly traffic: Traffic;
  /** The rate in force. */
  readonly rateBps: number;
  /** What our own packets add to a delay, ms. */
  readonly slackMs: number;
  /** Time between two updates of the counters, ms; 0: continuous. */
  readonly heldMs: number;
}

/**
 * What the line carries while a queue stands before it, bit/s. Null without byte counters, and where the last update of
 * held counters covers time before the queue.
 * @param bad the samples that made the event
 */
function capacityBps(
  seen: CapacityInput,
  bad: readonly Sample[],
): number | null {
  const { direction, rateBps, slackMs } = seen;
  const worstMs = Math.max(...bad.map(({ delayMs }) => delayMs[direction]));
  const isSharp = worstMs > TUNING.sharpMs + slackMs;
  const bps =
    direction === "download"
      ? arrivalRate(seen, isSharp)
      : departureRate(seen, bad, isSharp);
  if (bps === null) return null;
  return clamp(
    bps,
    TUNING.capacityMinRatio * rateBps,
    TUNING.capacityMaxRatio * rateBps,
  );
}

/**
 * Download: while the ISP's queue is not empty, what arrives here is what the line carries. The window begins with the
 * queue. After a sharp fall a second one begins with the long delays alone, so as not to reach back before the fall; the
 * smaller result counts.
 */
function arrivalRate(
  { evidence: { samples }, traffic, rateBps, slackMs, heldMs }: CapacityInput,
  isSharp: boolean,
): number | null {
  const now = traffic.at(-1)?.at;
  if (now === undefined) return null;
  const over = (run: readonly Sample[]): number | null => {
    const first = run[0];
    const began =
      first === undefined
        ? now
        : later(first.receivedAt, -first.delayMs.download);
    const moved = traffic.at(-2)?.at ?? now;
    if (heldMs > 0)
      return moved < began
        ? null
        : rateBetween(traffic, "download", moved, now);
    const from = windowStart(began, now, rateBps);
    return rateBetween(traffic, "download", from, now);
  };
  const runOver = (ms: number) => runAbove(samples, "download", ms + slackMs);
  const whole = over(runOver(TUNING.queueMs));
  const sharp = isSharp ? over(runOver(TUNING.sharpMs)) : null;
  return whole === null || sharp === null
    ? (whole ?? sharp)
    : Math.min(whole, sharp);
}

/**
 * Upload: what leaves here enters the ISP's queue. While its delay grows by `slope` ms per ms, the line carries
 * 1/(1 + slope) of it. Measured between the send times of two samples.
 */
function departureRate(
  { evidence: { samples }, traffic, rateBps, slackMs, heldMs }: CapacityInput,
  bad: readonly Sample[],
  isSharp: boolean,
): number | null {
  if (heldMs > 0) return null;
  const last = samples.at(-1);
  if (last === undefined) return null;
  const firstBad = bad[0] ?? last;
  const before = (ms: number) => later(last.sentAt, -windowMs(ms, rateBps));
  const earliest = before(TUNING.windowMaxMs);
  const latest = isSharp ? firstBad.sentAt : before(TUNING.windowMinMs);
  const previous = isSharp
    ? samples.findLast(({ sentAt }) => sentAt < latest)
    : samples.find(({ sentAt }) => sentAt >= earliest && sentAt <= latest);
  const from = windowStart(previous?.sentAt ?? earliest, last.sentAt, rateBps);
  const sent = rateBetween(traffic, "upload", from, last.sentAt);
  if (sent === null || previous === undefined) return sent;
  const slope =
    (last.delayMs.upload - previous.delayMs.upload) /
    Math.max(1, msSince(previous.sentAt, last.sentAt));
  const least = slackMs >= TUNING.shrinkAtMs ? -TUNING.shrinkMax : 0;
  return sent / (1 + Math.max(least, slope));
}

const windowStart = (began: MonoMs, now: MonoMs, rateBps: number): MonoMs =>
  clamp(
    began,
    later(now, -windowMs(TUNING.windowMaxMs, rateBps)),
    later(now, -windowMs(TUNING.windowMinMs, rateBps)),
  ) as MonoMs;

/** Cuts to what the line carries, and below it in proportion to the queue. */
export function cut(
  state: RateState,
  input: StepInput,
  recent: readonly Sample[],
  bad: readonly Sample[],
  worstMs: number,
): RateState {
  const { direction, limits, now, leastRttMs } = input;
  const seen = capacityBps({ ...input, rateBps: state.bps }, bad);
  const isRepeat = !input.isCutTested && curedNothing(state, seen, worstMs);
  if (isRepeat && !(worstMs > limits.warnMs && mayRepeat(state.lastCut, now)))
    return withCause(state, "futile", worstMs);
  const carried = seen ?? state.bps * (1 - blindCut(worstMs, trimMs(input)));
  // what our own packets explain cannot be drained: at a lower rate they take longer
  const queueMs = Math.max(0, worstMs - input.slackMs);
  const { drainMs: longestMs } = gainsFor(state.restlessness);
  const drainRatio =
    seen === null
      ? 1
      : Math.max(
          TUNING.drainMinRatio,
          1 - queueMs / Math.min(input.drainMs, longestMs),
        );
  const reactsInMs = direction === "download" ? leastRttMs : leastRttMs / 2;
  const easyMs = drainFor(limits);
  const drainMs =
    TUNING.refractoryDrains *
    easyMs *
    Math.max(1, worstMs / easyMs / TUNING.longQueueRatio);
  return {
    ...withRate(state, Math.min(state.bps, carried * drainRatio), limits),
    mode: {
      kind: "drain",
      returnToBps: clamp(
        Math.min(state.bps, TUNING.returnRatio * carried),
        limits.floorBps,
        limits.ceilingBps,
      ),
      refractoryUntil: later(
        now,
        Math.min(
          TUNING.refractoryRtts * leastRttMs + worstMs + drainMs,
          TUNING.refractoryMaxMs,
        ),
      ),
    },
    cause: "cut",
    causeMs: worstMs,
    countsFrom: later(now, reactsInMs),
    lastCut: {
      deltaMs: worstMs,
      bad: bad.length,
      samples: recent.length,
      seenBps: seen,
      at: now,
      isRepeat,
    },
    restlessness:
      input.isCertain && seen !== null && state.mode.kind === "grow"
        ? nextRestlessness(state.restlessness, state.carriedBps, seen, now)
        : state.restlessness,
    // a guess is not remembered: it would only slow the return
    carriedBps: input.isCertain ? carried : null,
    recalledBps: isLargeChange(state.carriedBps, carried)
      ? state.carriedBps
      : state.recalledBps,
  };
}

/**
 * Whether the last cut changed nothing although the line carries all that the rate admits. Then it is not a queue of
 * ours, or the senders do not react yet: BBR takes ten round trips. Or that cut ended just at the capacity, where a
 * queue stands still: so one more is made after `repeatAfterMs`.
 */
const curedNothing = (
  { mode, lastCut, bps }: RateState,
  seenBps: number | null,
  worstMs: number,
): boolean =>
  mode.kind === "drain" &&
  lastCut !== null &&
  seenBps !== null &&
  seenBps >= TUNING.futileRatio * bps &&
  worstMs >= TUNING.curedRatio * lastCut.deltaMs &&
  !isWorse(worstMs, lastCut);

const mayRepeat = (lastCut: CutEvidence | null, now: MonoMs): boolean =>
  lastCut !== null &&
  !lastCut.isRepeat &&
  msSince(lastCut.at, now) >= TUNING.repeatAfterMs;

/** The cut without byte counters, by the delay alone. */
const blindCut = (worstMs: number, fromMs: number): number =>
  TUNING.blindCutMin +
  (TUNING.blindCutMax - TUNING.blindCutMin) *
    clamp((worstMs - fromMs) / Math.max(1, TUNING.severeMs - fromMs), 0, 1);

const isLargeChange = (before: number | null, after: number): boolean =>
  before !== null && Math.abs(after - before) > TUNING.changeRatio * before;
