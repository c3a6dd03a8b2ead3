import { HOUR_MS } from "../../shared/contract/units.js";
import { later, type MonoMs, msSince } from "../../shared/runtime/clock.js";
import { median } from "../law/estimator.js";

/** How a reflector does, since it was last taken in. */
interface Standing {
  readonly replies: number;
  /** Smoothed: how many of its probes were lost, 0 to 1. */
  readonly lossRatio: number;
  /** The last RTT, and the least, which rises slowly; null before the first reply. */
  readonly lastMs: number | null;
  readonly leastMs: number | null;
  /** Smoothed change from one RTT to the next. */
  readonly jitterMs: number;
  /** How often it was sent away, and until when. */
  readonly leaves: number;
  readonly awayUntil: MonoMs;
}

/** The reflectors, by their place in the list. Those that are probed, in their order; the others stand by or are away. */
export interface Reflectors {
  readonly standings: readonly Standing[];
  readonly probed: readonly number[];
  readonly judgedAt: MonoMs;
}

/** What is wrong with a reflector beside the others. */
type Fault = "loss" | "jitter" | "distance";

/** The reflector that was replaced, and its replacement; null if there was none. */
export interface Replacement {
  readonly gone: number;
  readonly come: number | null;
  readonly fault: Fault;
}

/** Enough for a median that one of them cannot shift; more make the turns long. */
const PROBED_MIN = 3;
export const PROBED_MAX = 6;

/** What one probe counts against the twenty before it. */
const SHARE = 1 / 20;

/** What one RTT above the least counts: two minutes of probes. */
const RISE_SHARE = 1 / 400;

/** The first to meet a queue shall not look worse than those that are asked a moment later. */
const CHANGE_MAX_MS = 50;

/** Jitter and distance need so many replies; loss does not wait for them. */
const REPLIES_MIN = 20;

/** Six losses in a row while the others have none, or every third all the time. */
const LOSS_ABOVE_OTHERS = 0.25;
const JITTER_ABOVE_OTHERS_MS = 10;
/** Share of all probes lost above which no single reflector is blamed. */
const COMMON_LOSS = 0.5;

/** Three times as far as the others, and 20 ms: a queue far away is not ours. */
const DISTANCE_RATIO = 3;
const DISTANCE_ABOVE_MS = 20;

const JUDGE_EVERY_MS = 1_000;

/** Away for as long as this, then for twice as long each time, until it has done well for so many replies. */
const AWAY_MIN_MS = 10_000;
const AWAY_MAX_MS = HOUR_MS;
const FORGIVEN_REPLIES = 100;

const awayMs = (leaves: number): number =>
  Math.min(AWAY_MIN_MS * 2 ** leaves, AWAY_MAX_MS);

const unknown = (leaves: number, awayUntil: MonoMs): Standing => ({
  ...{ replies: 0, lossRatio: 0, lastMs: null, leastMs: null, jitterMs: 0 },
  ...{ leaves, awayUntil },
});

/** The first of the list are probed. */
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

/** Those that stand by or are away may still hear of old probes; it does not count. */
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
 * Sends away the first reflector that does worse than the others, and fills up with those that stand by. Each is held
 * against the median of the others, so that no reflector is blamed for what the line does to all of them: a queue, an outage.
 * Never are fewer than three left, where there are three.
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

/** The first of the list that is neither probed nor away. */
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
  // a new reflector knows only the present path, the others still the former one
  const otherMs = median(heard.flatMap((one) => one.lastMs ?? []));
  if (it.replies < REPLIES_MIN || it.leastMs === null || otherMs === null)
    return null;
  if (it.leastMs > DISTANCE_RATIO * otherMs + DISTANCE_ABOVE_MS)
    return "distance";
  const jitterMs = median(heard.map((one) => one.jitterMs)) ?? 0;
  return it.jitterMs > jitterMs + JITTER_ABOVE_OTHERS_MS ? "jitter" : null;
}
