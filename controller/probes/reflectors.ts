import { HOUR_MS } from "../../shared/contract/units.js";
import { later, type MonoMs, msSince } from "../../shared/runtime/clock.js";
import { median } from "../law/estimator.js";

/** Quality of a reflector since it was last added. */
interface Standing {
  readonly replies: number;
  /** Smoothed fraction of lost probes, 0 to 1. */
  readonly lossRatio: number;
  /** The last RTT, and the minimum, which rises slowly; null before the first reply. */
  readonly lastMs: number | null;
  readonly leastMs: number | null;
  /** Smoothed change from one RTT to the next. */
  readonly jitterMs: number;
  /** How often it was removed, and until when. */
  readonly leaves: number;
  readonly awayUntil: MonoMs;
}

/** The reflectors, by index. `probed` are in use, in order; the others stand by or are removed for a time. */
export interface Reflectors {
  readonly standings: readonly Standing[];
  readonly probed: readonly number[];
  readonly judgedAt: MonoMs;
}

/** What is wrong with a reflector, compared with the others. */
type Fault = "loss" | "jitter" | "distance";

/** The reflector that was replaced, and its replacement; null if there was none. */
export interface Replacement {
  readonly gone: number;
  readonly come: number | null;
  readonly fault: Fault;
}

/** Reflectors probed: enough for a median that tolerates an outlier, and few enough to probe each often. */
const PROBED_MIN = 3;
export const PROBED_MAX = 6;

/** Smoothing weight of one probe, for loss and jitter. */
const SHARE = 1 / 20;

/** Smoothing weight of an RTT above the minimum: it rises over about two minutes of probes. */
const RISE_SHARE = 1 / 400;

/** Limit for one change of the RTT, ms, in the jitter: the first reflector to see a queue is not at fault. */
const CHANGE_MAX_MS = 50;

/** Replies needed to judge jitter and distance; loss is judged at once. */
const REPLIES_MIN = 20;

/** Loss above the others' median that is a fault: six losses in a row, or a constant third. */
const LOSS_ABOVE_OTHERS = 0.25;
/** Jitter above the others' median that is a fault, ms. */
const JITTER_ABOVE_OTHERS_MS = 10;
/** Median loss of all reflectors above which no single one is blamed. */
const COMMON_LOSS = 0.5;

/** A minimum RTT above three times the others' plus 20 ms is a fault: queues on so long a path may not be ours. */
const DISTANCE_RATIO = 3;
const DISTANCE_ABOVE_MS = 20;

const JUDGE_EVERY_MS = 1_000;

/** Time a reflector is removed for, ms; doubled each time up to the limit, and reset after a hundred replies. */
const AWAY_MIN_MS = 10_000;
const AWAY_MAX_MS = HOUR_MS;
const FORGIVEN_REPLIES = 100;

const awayMs = (leaves: number): number =>
  Math.min(AWAY_MIN_MS * 2 ** leaves, AWAY_MAX_MS);

const unknown = (leaves: number, awayUntil: MonoMs): Standing => ({
  ...{ replies: 0, lossRatio: 0, lastMs: null, leastMs: null, jitterMs: 0 },
  ...{ leaves, awayUntil },
});

/** Probes the first ones of the list. */
export const openReflectors = (count: number, now: MonoMs): Reflectors => ({
  standings: Array.from({ length: count }, () => unknown(0, now)),
  probed: Array.from({ length: Math.min(count, PROBED_MAX) }, (_, i) => i),
  judgedAt: now,
});

/** After a reply. */
export const replied = (
  before: Reflectors,
  reflector: number,
  rttMs: number,
): Reflectors =>
  changed(before, reflector, (was) => {
    const leastMs = was.leastMs ?? rttMs;
    const changeMs = Math.abs(rttMs - (was.lastMs ?? rttMs));
    return {
      ...was,
      replies: was.replies + 1,
      lossRatio: was.lossRatio * (1 - SHARE),
      lastMs: rttMs,
      leastMs: Math.min(rttMs, leastMs + RISE_SHARE * (rttMs - leastMs)),
      jitterMs:
        was.jitterMs +
        SHARE * (Math.min(changeMs, CHANGE_MAX_MS) - was.jitterMs),
    };
  });

/** After a loss. */
export const missed = (before: Reflectors, reflector: number): Reflectors =>
  changed(before, reflector, (was) => ({
    ...was,
    lossRatio: was.lossRatio + SHARE * (1 - was.lossRatio),
  }));

/** Ignores reflectors that are not in use: their old probes may still be answered. */
function changed(
  before: Reflectors,
  reflector: number,
  change: (was: Standing) => Standing,
): Reflectors {
  if (!before.probed.includes(reflector)) return before;
  const standings = [...before.standings];
  const was = standings[reflector];
  if (was !== undefined) standings[reflector] = change(was);
  return { ...before, standings };
}

/**
 * Removes the first reflector that is worse than the others, and adds one that stands by. Each is compared with the
 * median of the others, so that none is blamed for a queue or an outage of the line. At least three remain.
 */
export function judgeReflectors(
  before: Reflectors,
  now: MonoMs,
): { after: Reflectors; replacement: Replacement | null } {
  if (msSince(before.judgedAt, now) < JUDGE_EVERY_MS)
    return { after: before, replacement: null };
  const judged = { ...before, judgedAt: now };
  const come = standingBy(judged, now);
  const left = judged.probed.length - 1 + (come === null ? 0 : 1);
  for (const gone of left < PROBED_MIN || isCommon(judged)
    ? []
    : judged.probed) {
    const fault = faultOf(judged, gone);
    if (fault === null) continue;
    const probed = judged.probed.flatMap((one) =>
      one !== gone ? [one] : come === null ? [] : [come],
    );
    const sentAway = changed(judged, gone, (was) => {
      const leaves = was.replies >= FORGIVEN_REPLIES ? 0 : was.leaves;
      return unknown(leaves + 1, later(now, awayMs(leaves)));
    });
    const after = { ...sentAway, probed };
    return { after, replacement: { gone, come, fault } };
  }
  return {
    after:
      come === null || judged.probed.length >= PROBED_MAX
        ? judged
        : { ...judged, probed: [...judged.probed, come] },
    replacement: null,
  };
}

/** The first reflector that is neither in use nor removed. */
const standingBy = (
  { standings, probed }: Reflectors,
  now: MonoMs,
): number | null => {
  const place = standings.findIndex(
    ({ awayUntil }, i) => !probed.includes(i) && now >= awayUntil,
  );
  return place < 0 ? null : place;
};

const isCommon = ({ standings, probed }: Reflectors): boolean =>
  (median(probed.map((one) => standings[one]?.lossRatio ?? 0)) ?? 0) >
  COMMON_LOSS;

function faultOf(
  { standings, probed }: Reflectors,
  reflector: number,
): Fault | null {
  const of = (one: number) => standings[one] ?? null;
  const others = probed
    .filter((one) => one !== reflector)
    .flatMap((one) => of(one) ?? []);
  const it = of(reflector);
  if (it === null) return null;
  if (
    it.lossRatio - (median(others.map(({ lossRatio }) => lossRatio)) ?? 1) >
    LOSS_ABOVE_OTHERS
  )
    return "loss";
  const heard = others.filter(({ replies }) => replies >= REPLIES_MIN);
  // the others' last RTT, not their minimum: after a change of path a new reflector has only seen the present one
  const otherMs = median(heard.flatMap((one) => one.lastMs ?? []));
  if (it.replies < REPLIES_MIN || it.leastMs === null || otherMs === null)
    return null;
  if (it.leastMs > DISTANCE_RATIO * otherMs + DISTANCE_ABOVE_MS)
    return "distance";
  const jitterMs = median(heard.map((one) => one.jitterMs)) ?? 0;
  return it.jitterMs > jitterMs + JITTER_ABOVE_OTHERS_MS ? "jitter" : null;
}
