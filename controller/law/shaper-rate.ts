import type { Cause } from "../../shared/cause.js";
import { later, since, type MonoMs } from "../../shared/clock.js";
import {
  eachDirection,
  type Direction,
  type PerDirection,
} from "../../shared/direction.js";
import { clamp } from "../../shared/units.js";
import { capacityBps } from "./capacity.js";
import type { Sample } from "./estimator.js";
import { lastSamples, silenceMs, type Evidence } from "./evidence.js";
import { growthPerS, taper } from "./growth.js";
import type { Limits } from "./policy.js";
import { recentRate, type Traffic } from "./traffic.js";
import { TUNING } from "./tuning.js";

/** One direction's rate and what it remembers of the line. `drain`: cut below capacity; `return`: on its way back; `grow`: free. */
export interface RateState {
  readonly bps: number;
  readonly mode: "grow" | "drain" | "return";
  readonly cause: Cause;
  /** The number that belongs to the cause, ms. */
  readonly causeMs: number | null;
  /** Only probes sent from here on can have felt the last cut. */
  readonly countsFrom: MonoMs;
  /** No second cut before, unless it got worse than cutDeltaMs tells. */
  readonly patienceUntil: MonoMs;
  readonly cutDeltaMs: number;
  readonly returnToBps: number;
  readonly settledAt: MonoMs;
  /** Capacity at the last cut, and before its last great change. */
  readonly carriedBps: number | null;
  readonly recalledBps: number | null;
  /** Recent peak of load over rate; null without counters. */
  readonly peakLoad: number | null;
  readonly usedAt: MonoMs;
}

/** What a decision about one direction is taken from. */
export interface Scene {
  readonly direction: Direction;
  readonly limits: Limits;
  readonly now: MonoMs;
  /** Real time since the last step, at most `stepMaxMs`. */
  readonly elapsedMs: number;
  readonly evidence: Evidence;
  readonly traffic: Traffic;
  /** Smoothed delta, ms; null before the first reply. */
  readonly deltaMs: number | null;
  readonly leastRttMs: number;
  readonly spacingMs: number;
  /** Whether the queue may be this direction's. */
  readonly isSuspect: boolean;
}

export const initialRate = (bps: number, now: MonoMs): RateState => ({
  bps,
  mode: "grow",
  cause: "start",
  causeMs: null,
  countsFrom: now,
  patienceUntil: now,
  cutDeltaMs: 0,
  returnToBps: bps,
  settledAt: now,
  carriedBps: null,
  recalledBps: null,
  peakLoad: null,
  usedAt: now,
});

export const ratesOf = (rate: PerDirection<RateState>): PerDirection<number> =>
  eachDirection((direction) => rate[direction].bps);

/** The next rate of one direction, within floor and ceiling (law.md 2). */
export function nextRate(before: RateState, scene: Scene): RateState {
  const { limits, now } = scene;
  const state = withLoad(before, scene);
  const silent = silenceMs(scene.evidence, now);
  if (silent === Infinity) return because(state, "start", null);
  if (silent > TUNING.blackoutMs)
    return because(
      at(state, Math.min(state.bps, limits.baseBps), limits),
      "blackout",
      silent,
    );
  if (silent > TUNING.silenceMs) return because(state, "silence", silent);
  const bad = badVotes(state, scene);
  if (bad.length >= TUNING.votes) {
    const worstMs = Math.max(...bad.map((sample) => sample.deltaMs));
    if (!scene.isSuspect) return because(state, "innocent", worstMs);
    if (mayCut(state, worstMs, now)) return cut(state, scene, bad, worstMs);
  }
  switch (state.mode) {
    case "drain":
      return drain(state, scene);
    case "return":
      return comeBack(state, scene);
    case "grow":
      return grow(state, scene);
  }
}

const because = (
  state: RateState,
  cause: Cause,
  causeMs: number | null,
): RateState => ({
  ...state,
  cause,
  causeMs,
});

const at = (
  state: RateState,
  bps: number,
  { floorBps, ceilingBps }: Limits,
): RateState => ({
  ...state,
  bps: clamp(bps, floorBps, ceilingBps),
});

/** Follows who uses the line. */
function withLoad(
  state: RateState,
  { traffic, direction, elapsedMs, now }: Scene,
): RateState {
  const loadBps = recentRate(traffic, direction, TUNING.usedWindowMs);
  if (loadBps === null) return state;
  const load = loadBps / state.bps;
  const faded =
    (state.peakLoad ?? 0) * Math.exp(-elapsedMs / TUNING.peakDecayMs);
  const usedAt = load > TUNING.guiltyRatio ? now : state.usedAt;
  return { ...state, peakLoad: Math.max(load, faded), usedAt };
}

const trimMs = ({ limits }: Scene): number =>
  limits.targetMs * TUNING.trimRatio;

/** The last votes that are bad: later than the trim and two packets at this rate. */
function badVotes(state: RateState, scene: Scene): readonly Sample[] {
  const packetMs = (TUNING.packetBits / state.bps) * 1e3;
  const badMs = trimMs(scene) + TUNING.packetsForgiven * packetMs;
  return lastSamples(scene.evidence, TUNING.voters, state.countsFrom).filter(
    (sample) => sample.deltaMs > badMs,
  );
}

const mayCut = (
  { patienceUntil, cutDeltaMs }: RateState,
  worstMs: number,
  now: MonoMs,
): boolean => now >= patienceUntil || worstMs > 1.3 * cutDeltaMs + 10;

/** Down to what the line carries, and below it by as much as the queue is long. */
function cut(
  state: RateState,
  scene: Scene,
  bad: readonly Sample[],
  worstMs: number,
): RateState {
  const { direction, evidence, traffic, limits, now, leastRttMs } = scene;
  const seen = capacityBps(direction, evidence, bad, traffic, state.bps);
  const carried = seen ?? state.bps * (1 - blindCut(worstMs, trimMs(scene)));
  const drainRatio =
    seen === null
      ? 1
      : Math.max(TUNING.drainMinRatio, 1 - worstMs / TUNING.drainMs);
  const reactsInMs = direction === "download" ? leastRttMs : leastRttMs / 2;
  const drainMs =
    1.6 * TUNING.drainMs * Math.max(1, worstMs / TUNING.drainMs / 0.6);
  return {
    ...at(state, Math.min(state.bps, carried * drainRatio), limits),
    mode: "drain",
    cause: "cut",
    causeMs: worstMs,
    countsFrom: later(now, reactsInMs),
    patienceUntil: later(now, 2 * leastRttMs + worstMs + drainMs),
    cutDeltaMs: worstMs,
    returnToBps: clamp(
      Math.min(state.bps, TUNING.returnRatio * carried),
      limits.floorBps,
      limits.ceilingBps,
    ),
    carriedBps: carried,
    recalledBps: isGreatChange(state.carriedBps, carried)
      ? state.carriedBps
      : state.recalledBps,
  };
}

/** How much to cut by the delay alone. */
const blindCut = (worstMs: number, fromMs: number): number =>
  TUNING.blindCutMin +
  (TUNING.blindCutMax - TUNING.blindCutMin) *
    clamp((worstMs - fromMs) / Math.max(1, TUNING.severeMs - fromMs), 0, 1);

const isGreatChange = (before: number | null, after: number): boolean =>
  before !== null && Math.abs(after - before) > TUNING.changeRatio * before;

/** Waits until the queue is seen to be gone. */
function drain(state: RateState, scene: Scene): RateState {
  const newest = lastSamples(scene.evidence, 2, state.countsFrom);
  const last = newest.at(-1);
  if (
    last === undefined ||
    last.deltaMs > TUNING.drainedMs ||
    !isClean(state, scene)
  )
    return because(state, "drain", last?.deltaMs ?? scene.deltaMs);
  return comeBack({ ...state, mode: "return" }, scene);
}

/** Back to just under what the line carried when it was cut. */
function comeBack(state: RateState, scene: Scene): RateState {
  if (!isClean(state, scene)) return because(state, "delta", scene.deltaMs);
  const { limits, elapsedMs, now } = scene;
  const step = (TUNING.returnPerS * state.returnToBps * elapsedMs) / 1e3;
  const bps = Math.max(
    state.bps,
    Math.min(state.returnToBps, state.bps + step),
  );
  const next = because(at(state, bps, limits), "return", null);
  return bps < state.returnToBps
    ? next
    : { ...next, mode: "grow", settledAt: later(now, TUNING.settleMs) };
}

/** Looks for room, while the line is used and clean; goes home when nobody uses it. */
function grow(state: RateState, scene: Scene): RateState {
  const { limits, elapsedMs, now, traffic, direction } = scene;
  if (!isClean(state, scene)) return because(state, "delta", scene.deltaMs);
  if (state.peakLoad !== null && since(state.usedAt, now) > TUNING.idleMs)
    return goHome(state, scene);
  const loadBps = recentRate(traffic, direction, TUNING.usedWindowMs);
  if (loadBps !== null && loadBps < TUNING.usedRatio * state.bps)
    return because(state, "unused", null);
  if (state.bps >= limits.ceilingBps) return because(state, "limit", null);
  const settlingMs = since(now, state.settledAt);
  const perS =
    loadBps === null ? TUNING.blindPerS : growthPerS(state, settlingMs > 0);
  if (perS === 0) return because(state, "settle", settlingMs);
  const worstMs = worstOfTwo(state, scene);
  const h = taper(worstMs, trimMs(scene));
  const bps = state.bps * (1 + (perS * h * elapsedMs) / 1e3);
  return because(at(state, bps, limits), "raise", worstMs);
}

/** Drifts to base: what the line carried long ago is no news. */
function goHome(state: RateState, { limits, elapsedMs }: Scene): RateState {
  const step = (TUNING.idlePerS * limits.baseBps * elapsedMs) / 1e3;
  const bps = state.bps + clamp(limits.baseBps - state.bps, -step, step);
  const isHome = bps === limits.baseBps;
  const forgotten = isHome ? { carriedBps: null, recalledBps: null } : {};
  return {
    ...because(at(state, bps, limits), isHome ? "unused" : "idle", null),
    ...forgotten,
  };
}

/** May a rate rise now? Both newest samples below the trim, the smoothed delta below the target, nothing overdue. */
function isClean(state: RateState, scene: Scene): boolean {
  const newest = scene.evidence.samples.at(-1);
  if (newest === undefined || scene.deltaMs === null) return false;
  const expectedMs =
    scene.leastRttMs + trimMs(scene) + TUNING.overdueMs + 3 * scene.spacingMs;
  return (
    scene.deltaMs <= scene.limits.targetMs &&
    worstOfTwo(state, scene) <= trimMs(scene) &&
    since(newest.sentAt, scene.now) <= expectedMs
  );
}

/** The larger of the two newest samples that count; Infinity where there are not two. */
function worstOfTwo({ countsFrom }: RateState, { evidence }: Scene): number {
  const [one, two] = lastSamples(evidence, 2, countsFrom);
  return one === undefined || two === undefined
    ? Infinity
    : Math.max(one.deltaMs, two.deltaMs);
}
