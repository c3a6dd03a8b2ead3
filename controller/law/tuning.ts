/** How the law goes about a line of some kind. Most of it is the same for all (tuning.ts). */
export interface Gains {
  /** After a drain it waits so long, ms, before it looks for more again. */
  readonly settleMs: number;
  /** It raises by so much of the rate a second near the capacity it met. */
  readonly slowPerS: number;
  /** And by so much elsewhere. */
  readonly fastPerS: number;
}

export interface Preset {
  /** Where GREEN ends unless the file says otherwise, ms of delta. */
  readonly targetMs: number;
  readonly gains: Gains;
  readonly reason: string;
}

const STEADY: Gains = { settleMs: 1_000, slowPerS: 0.1, fastPerS: 1.2 };
/** A line that carries another rate every second is worth looking at oftener, and is refound faster than it changes. */
const RESTLESS: Gains = { settleMs: 200, slowPerS: 0.3, fastPerS: 1.5 };

export const PRESETS = {
  cable: {
    targetMs: 15,
    gains: STEADY,
    reason: "capacity falls for minutes; the modem's turns add some ms",
  },
  vdsl: {
    targetMs: 15,
    gains: STEADY,
    reason: "hardly changes; a full packet of the upload alone takes ms",
  },
  fibre: {
    targetMs: 9,
    gains: STEADY,
    reason: "no jitter of its own, so a smaller delay can be told from none",
  },
  lte: {
    targetMs: 30,
    gains: RESTLESS,
    reason: "capacity changes within a second, the radio's turns add 10-20 ms",
  },
  starlink: {
    targetMs: 25,
    gains: RESTLESS,
    reason: "another satellite, path and capacity every 15 s",
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

/**
 * The constants of the law, in one table, each with its reason. Found by experiment on real CAKE over a 20 ms line;
 * delays are ms of delta unless said.
 */
export const TUNING = {
  /** The rate law trims at this part of the target, so that its own probing stays within GREEN. */
  trimRatio: 0.65,
  /** A state is left only below this part of the threshold that led to it. */
  exitRatio: 0.8,

  /** Evidence is `votes` bad samples among the last `voters`: one late reply proves nothing. */
  badNeeded: 2,
  recentSamples: 3,
  /** Packets of this size may stand in front of a probe without anybody being at fault: two of them. */
  packetBits: 12_112,
  packetsForgiven: 2,
  /** One of them at the present rate, ms, is nothing yet; what it takes longer is added to every bound of delay. */
  packetMs: 4,
  /**
   * Counters that move by so many bytes after so long without, so many times in a row, are written only so often; those
   * that move sooner, so many times in a row, are not.
   */
  heldMs: 300,
  heldBytes: 15_000,
  heldMoves: 2,
  promptMoves: 5,
  /** So many holds of theirs are remembered. */
  heldKept: 2.5,
  /** A rate is measured over no fewer packets than this. */
  windowPackets: 8,

  /** A baseline follows down at once, up slowly: a longer RTT is probably our own queue. Time constants, ms. */
  baselineFallMs: 430,
  baselineRiseMs: 60_000,
  baselineClimbMs: 1_500_000,
  /** Within this much above the baseline it rises by baselineRiseMs, beyond by baselineClimbMs. */
  baselineNearMs: 3,
  /** After so long without an RTT near it the baseline is the least one of that time: the path became longer. */
  baselineWindowMs: 3_000,
  /** The same while a rate is at its floor, and the queue may be one that no cut of ours empties. */
  baselineWindowAtFloorMs: 3_800,
  /** A path longer by more than this is believed only after so long: it may be a queue that no cut of ours empties. */
  longerPathMs: 60,
  longerPathAfterMs: 40_000,
  /** Who was last heard so long before the others no longer answers, or is not asked, and its baseline has no say. */
  answersMs: 10_000,
  /** The difference of the ways follows the reflector's clock over this while no queue stands; so much is noise, ms. */
  skewMs: 1_000,
  skewToleranceMs: 4,
  /** The delta that people see is smoothed over this, ms. */
  deltaSmoothingMs: 100,

  /** No reply from anybody for this long is silence, which is no queue: eight probes of 50 ms. */
  silenceMs: 400,
  /** After so long a silence nothing is known of the line any more: at most base. */
  blackoutMs: 10_000,
  /** How much of the past is kept, ms and samples. */
  memoryMs: 1_200,
  memorySamples: 64,
  /** An answer that is this much later than expected stops raises. */
  overdueMs: 12,

  /** A queue stands while samples are above this. */
  queueMs: 4,
  /** Above this the line fell sharply, and the capacity window must not reach back before the fall. */
  sharpMs: 25,
  /** Where own packets take so long, a cut is felt before the next one is due: a queue may shrink by so much, ms per ms. */
  shrinkAtMs: 16,
  shrinkMax: 0.5,
  windowMinMs: 100,
  windowMaxMs: 400,
  /** One event takes at most 65 %, and the estimate may exceed the rate a little, or bursts ratchet it down. */
  capacityMinRatio: 0.35,
  capacityMaxRatio: 1.1,

  /**
   * The cut goes below capacity by delta/drainMs, to empty the queue in about that time; at most to drainMinRatio. A
   * smaller target than drainTargetMs wants a sooner end, down to drainLeastMs, and pays with a deeper hole.
   */
  drainMs: 250,
  drainTargetMs: 15,
  drainLeastMs: 150,
  drainMinRatio: 0.4,
  /** It is given the time to do so, but not more: a delay of half a minute is an outage's. */
  refractoryMaxMs: 5_000,
  /** After the drain the rate returns to this part of the capacity, not faster than returnPerS of it a second. */
  returnRatio: 0.98,
  returnPerS: 1.5,
  /** A cut that did not bring the delta down to this part of what it was cured nothing. */
  curedRatio: 0.8,
  /** If the line carries this part of the rate then, a deeper cut would not cure it either. */
  futileRatio: 0.9,
  /** The drain is over when the newest sample is below this. */
  drainedMs: 8,
  /** Without byte counters the cut is sized by the delay alone: from -3 % at the trim to -25 % at severeMs. */
  blindCutMin: 0.03,
  blindCutMax: 0.25,
  severeMs: 60,

  /** Raises need the line used to this part of the rate, over this window. */
  usedRatio: 0.8,
  usedWindowMs: 250,
  /** Without byte counters it raises by this much a second. */
  blindPerS: 0.05,
  /** A new capacity this different makes the old one the second memory. */
  changeRatio: 0.15,
  /** No time step counts for more: a process that stood still has no claim to a large raise. */
  stepMaxMs: 200,

  /**
   * Who loads the line: a peak that decays over this; busy and idle parts of the rate. Who is in between has made the
   * queue only where so many samples in a row, one of each reflector, are bad: late replies are not.
   * Who carries less, but this part of the floor, has made it only where all answers of so long are.
   */
  peakDecayMs: 700,
  busyRatio: 0.6,
  inUseRatio: 0.2,
  agreeingSamples: 6,
  standingMs: 900,
  floorRatio: 0.5,
  /**
   * Both busy and no ways told: a cut, deeper than others, that by this many ms of probes has not brought the delta down to curedRatio of
   * its longest was the wrong one; its rate comes back, but for a bit. After testMaxMs both are to blame, or
   * after immunityMaxMs while it shrinks.
   */
  testProbesMs: 100,
  testDrainMs: 125,
  restoredRatio: 0.98,
  testMaxMs: 900,
  immunityMaxMs: 2_500,
  /**
   * Above this part of the known capacity they look for room one at a time, for so long if the other wants to. Who is
   * beyondRatio above it makes queues as long as those after a fall.
   */
  probingRatio: 0.985,
  beyondRatio: 1.05,
  turnMs: 1_000,
  /** Unused for this long, the rate drifts to base by this a second. */
  idleMs: 10_000,
  idlePerS: 0.02,
} as const;
