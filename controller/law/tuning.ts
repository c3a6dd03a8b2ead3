/** How fast the law moves, from a line at rest to one that changes all the time: see restlessness.ts. */
export interface Gains {
  /** ms: pause between the end of a drain and the next raise near the known capacity. */
  readonly settleMs: number;
  /** Growth near the capacity of the last cut, as a part of the rate per second. */
  readonly slowPerS: number;
  /** Growth elsewhere, as a part of the rate per second. */
  readonly fastPerS: number;
  /** How fast the rate returns after a drain, as a part of what it returns to per second. */
  readonly returnPerS: number;
  /** ms: longest time in which a cut is to empty the queue. */
  readonly drainMs: number;
  /** Part of the rate: raises need at least this much traffic. */
  readonly usedRatio: number;
}

/** On a line whose capacity rests. */
export const CALM: Gains = {
  settleMs: 1_000,
  slowPerS: 0.1,
  fastPerS: 1.2,
  returnPerS: 1.5,
  drainMs: 250,
  usedRatio: 0.8,
};

/** On one whose capacity is another at each cut: what is known of it is worth little, and what is lost must be regained. */
export const RESTLESS: Gains = {
  settleMs: 0,
  slowPerS: 3,
  fastPerS: 4,
  returnPerS: 4,
  drainMs: 100,
  usedRatio: 0.7,
};

export interface Preset {
  /** Default for target_bloat_ms: the delta at which GREEN ends, ms. */
  readonly targetMs: number;
  /** What is believed of the line before its cuts tell, 0 to 1: how often its capacity changes. */
  readonly restless: number;
  readonly reason: string;
}

export const PRESETS = {
  cable: {
    targetMs: 15,
    restless: 0,
    reason:
      "capacity falls for minutes; the modem's request-grant cycle adds a few ms",
  },
  vdsl: {
    targetMs: 15,
    restless: 0,
    reason:
      "capacity hardly changes; one full-size upload packet takes milliseconds",
  },
  fibre: {
    targetMs: 9,
    restless: 0,
    reason: "no jitter of its own, so a smaller delay can be told from none",
  },
  lte: {
    targetMs: 30,
    restless: 1,
    reason: "capacity changes within a second; radio scheduling adds 10-20 ms",
  },
  starlink: {
    targetMs: 25,
    restless: 1,
    reason: "satellite, path and capacity change every 15 s",
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

/**
 * Every constant of the law. Each comment is "unit: effect; what the value is a compromise between". They were found by
 * experiment on real CAKE over a 20 ms line. docs/internals/law.md is generated from this table; delays are deltas unless
 * stated.
 */
export const TUNING = {
  // Evidence
  /** part of the target: a delay above it counts as a queue; below 1, so that probing for capacity stays GREEN */
  trimRatio: 0.65,
  /** part of a threshold: a state is left only below it; nearer to 1 the states flap */
  exitRatio: 0.8,
  /** samples: so many bad ones among recentSamples are an event; with 1 a single late reply causes a cut */
  badNeeded: 2,
  /** samples: how many of the newest decide; more react later */
  recentSamples: 3,
  /** samples: so many of the newest must be below the trim before a raise */
  cleanSamples: 2,
  /** ms: a reply later than expected by this, and by overdueProbes, stops raises; less stops them for scheduling noise */
  overdueMs: 12,
  /** probe intervals: the same, because the next probe may be missing as well */
  overdueProbes: 3,
  /** ms: without any reply for this long the rate is held, since silence is not a queue; eight probes at 50 ms */
  silenceMs: 400,
  /** ms: after this long a silence nothing is known of the line, and the rate is at most base */
  blackoutMs: 10_000,
  /** ms: samples and counter values older than this are dropped */
  memoryMs: 1_200,
  /** samples: at most this many are kept */
  memorySamples: 64,
  /** ms: no time step counts for more, so that a suspended process does not make one large raise */
  stepMaxMs: 200,

  // Slow lines: what the direction's own packets explain
  /** bits: a full-size Ethernet frame */
  packetBits: 12_112,
  /** packets: a probe may wait for this many of its own direction without a queue */
  packetsForgiven: 2,
  /** packets: and for this many of the other direction, which hold back acknowledgements */
  otherPacketsForgiven: 1,
  /** ms: packets that take no longer are ignored; what they take beyond it is added to every bound of delay */
  packetMs: 4,
  /** packets: a rate is measured over no fewer; over fewer one packet more or less is a visible error */
  windowPackets: 8,
  /** ms: where own packets take this long, a falling upload delay enters the capacity estimate as well */
  shrinkAtMs: 16,
  /** ms per ms: the steepest fall that it may use; 1 would mean that nothing was sent */
  shrinkMax: 0.5,

  // Byte counters that stand still between updates
  /** ms: a counter that moves after at least this long was held */
  heldMs: 300,
  /** bytes: and by at least this much; a smaller move says only that the line is hardly used */
  heldBytes: 15_000,
  /** moves: this many held ones in a row mean that the counters are updated that seldom */
  heldMoves: 2,
  /** moves: this many prompt ones in a row mean that they are not */
  promptMoves: 5,
  /** holds: how much of the past is kept then, instead of memoryMs; below 2 there would be no full hold to measure over */
  heldKept: 2.5,

  // Baseline
  /** ms: time constant with which a baseline follows a shorter RTT */
  baselineFallMs: 430,
  /** ms: time constant with which it rises to an RTT within baselineNearMs: slow, since a longer RTT is probably a queue */
  baselineRiseMs: 60_000,
  /** ms: time constant with which it rises to a longer RTT than that */
  baselineClimbMs: 1_500_000,
  /** ms: what is still near the baseline */
  baselineNearMs: 3,
  /** ms: after this long above it, the baseline becomes the least RTT of that time: the path became longer */
  baselineWindowMs: 3_000,
  /** ms: the same while a rate is at its floor, where a queue may stand that no cut can empty */
  baselineWindowAtFloorMs: 3_800,
  /** ms: a path longer by more than this is believed only after longerPathAfterMs, since it may be such a queue */
  longerPathMs: 60,
  /** ms: see longerPathMs; a real detour of that length keeps the rate low for so long */
  longerPathAfterMs: 40_000,
  /** ms: a reflector last heard this long before the newest reply has no part in the baseline */
  answersMs: 10_000,
  /** ms: time constant with which the clock difference to a reflector is followed while no queue stands */
  skewMs: 1_000,
  /** ms: a difference of the two ways that exceeds the delta by more than this is a clock step, not a queue */
  skewToleranceMs: 4,
  /** ms: time constant of the published delta; longer delays the end of a hold */
  deltaSmoothingMs: 100,

  // Capacity
  /** ms: a queue stands while samples are above this; also where growth begins to taper */
  queueMs: 4,
  /** ms: above this the capacity fell sharply, and the window must not reach back to before the fall */
  sharpMs: 25,
  /** ms: least window over which a rate is measured; shorter ones see bursts */
  windowMinMs: 100,
  /** ms: longest one; longer ones see the line as it was */
  windowMaxMs: 400,
  /** part of the rate: least capacity that is believed, so one cut takes at most 65 % before the drain */
  capacityMinRatio: 0.35,
  /** part of the rate: most that is believed; at 1 bursts would ratchet the rate down */
  capacityMaxRatio: 1.1,
  /** part: a capacity that differs by more replaces the second memory */
  changeRatio: 0.15,

  // Restlessness
  /** part: a cut that finds the capacity changed by more counts as a change; less is noise */
  changeLeast: 0.08,
  /** packets: and by more than so many in windowMinMs: on slow lines one packet more or less is no change */
  changePackets: 3,
  /** changes a second: how fast they are forgotten while cuts find none */
  changeFadesPerS: 0.15,
  /** ms: no time between two cuts counts for more, since a line that is not full shows no changes */
  changeFadesMaxMs: 2_000,
  /** changes: the line is at rest up to here; one or two falls do not make it restless */
  changesCalm: 1,
  /** changes: it is as restless as can be from here; more are not counted */
  changesRestless: 3.5,
  /** restlessness: from here the first good sample ends a drain, and agreeingRestless samples are enough */
  restlessFrom: 0.3,

  // Cut and drain
  /** ms: target to which the drain time of a calm line belongs; a smaller one shortens it in proportion */
  drainTargetMs: 15,
  /** ms: down to this */
  drainLeastMs: 150,
  /** part of the capacity: a cut goes no lower, however long the queue */
  drainMinRatio: 0.4,
  /** ms: the drain is over when the newest sample is at most this */
  drainedMs: 8,
  /** round trips: part of the refractory time, in which the cut takes effect and is seen */
  refractoryRtts: 2,
  /** drain times: the rest of it, because queues drain more slowly than calculated */
  refractoryDrains: 1.6,
  /** part of the drain time: a queue longer than this cannot be drained at drainMinRatio in time, and gets more */
  longQueueRatio: 0.6,
  /** ms: longest refractory time; a delay of half a minute is that of an outage */
  refractoryMaxMs: 5_000,
  /** part: a delay above the last cut's times this, plus worseMs, is worse and may be cut within the refractory time */
  worseRatio: 1.3,
  /** ms: see worseRatio; keeps jitter on short queues from being worse */
  worseMs: 10,
  /** part: a cut that left more than this of the delay cured nothing */
  curedRatio: 0.8,
  /** part of the rate: if the line then carries at least this, a second cut would cure nothing either */
  futileRatio: 0.9,
  /** ms: where the delay is above the warn threshold this long after a cut that cured nothing, a second cut is made */
  repeatAfterMs: 1_000,
  /** part of the rate: without byte counters, the cut for a delay at the trim */
  blindCutMin: 0.03,
  /** part of the rate: and for one of severeMs or more */
  blindCutMax: 0.25,
  /** ms: delay at which a cut without counters is largest */
  severeMs: 60,

  // Return and growth
  /** part of the capacity: the rate returns to this after a drain; at 1 the queue stands again at once */
  returnRatio: 0.98,
  /** ms: window over which the traffic is measured */
  usedWindowMs: 250,
  /** part of the rate per second: growth without byte counters */
  blindPerS: 0.05,
  /** part of the trim: growth tapers from here at the latest, also where own packets explain more */
  taperFromMaxRatio: 0.5,
  /** part of the known capacity: from here a rate that has just drained settles before it grows */
  settleFromRatio: 0.96,
  /** part of the known capacity: growth is slow from here */
  nearFromRatio: 0.97,
  /** part of the known capacity: to here; then it speeds up */
  nearToRatio: 1.005,
  /** part of the known (or recalled) capacity: growth has reached its speed beyond a capacity here */
  beyondRatio: 1.06,
  /** part of the known (or recalled) capacity: from here without a queue, the capacity is doubted */
  doubtFromRatio: 1.25,
  /** part of the known (or recalled) capacity: here it is disproved, and growth is fast */
  disprovedRatio: 1.6,
  /** part of the recalled capacity: growth is limited from here */
  recalledFromRatio: 0.95,
  /** part of the recalled capacity: growth speeds up from here */
  recalledToRatio: 1,
  /** slow growths: speed near the recalled capacity, of which less is known than of the last one */
  recalledSlow: 4,
  /** ms: a direction that carried next to nothing for this long drifts to base */
  idleMs: 10_000,
  /** part of base per second: how fast it drifts */
  idlePerS: 0.02,

  // Load: which direction may have made a queue
  /** ms: time constant with which the peak of load over rate decays */
  peakDecayMs: 700,
  /** part of the rate: from this peak a direction is busy, and a suspect for any queue */
  busyRatio: 0.6,
  /** part of the rate: below this peak it is unused; in between it is a suspect only if agreeingSamples agree */
  inUseRatio: 0.2,
  /** samples: one from each of the usual six reflectors: late replies of one or two are not a queue */
  agreeingSamples: 6,
  /** samples: the same on a restless line, where a rate far above its line must not wait; still three reflectors */
  agreeingRestless: 3,
  /** ms: a delay that all replies had for this long is a queue, even if the load is small */
  standingMs: 900,
  /** part of the floor: such a direction must carry at least this */
  floorRatio: 0.5,

  // Both directions busy, no one-way delays
  /** ms of probes: a cut that has not shrunk the queue over so many was of the wrong direction */
  testProbesMs: 100,
  /** ms: drain time of a cut that is a test: deeper than others, so that the result comes soon */
  testDrainMs: 125,
  /** part of the former rate: what the wrong direction gets back; below 1, since it may have had a part in the queue */
  restoredRatio: 0.98,
  /** ms: a test that cured nothing by now has failed, and both directions may be cut */
  testMaxMs: 900,
  /** ms: the same while the queue shrinks; no direction is immune for longer, or a queue might stand for ever */
  immunityMaxMs: 2_500,
  /** part of the known capacity: above it the directions look for more in turn */
  probingRatio: 0.985,
  /** part of the known capacity: a rate above it can have made a queue as long as one after a fall */
  overshootRatio: 1.05,
  /** part of the download's rate: more than this arriving means that the queue stands before our shaper */
  overrunRatio: 1.05,
  /** ms: a turn ends after this if the other direction waits and no queue stands */
  turnMs: 1_000,
} as const;
