import type { PerDirection } from "../../shared/contract/direction.js";
import type { MonoMs } from "../../shared/runtime/clock.js";
import type { Reply } from "../law/inputs.js";
import type { SimulatedDirection } from "./lane.js";
import type { SimulatedFault, LinePlan, Spikes } from "./plan.js";
import type { Fifo } from "./queues.js";
import { openRandom, type Random } from "./random.js";

/** A host that answers probes. To be called with non-decreasing times. */
interface Reflector {
  answers(nowMs: number): boolean;
  /** Extra RTT over the nearest reflector. */
  addedMs(nowMs: number): number;
  /** Offset of its clock from ours. */
  readonly clockMs: number;
}

/** Maximum clock offset of reflectors. */
const CLOCK_ERROR_MS = 500;

function openReflector(
  distanceMs: number,
  fault: SimulatedFault | null,
  random: Random,
): Reflector {
  const clockMs = random.between(-CLOCK_ERROR_MS, CLOCK_ERROR_MS);
  const sound = {
    clockMs,
    answers: () => true,
    addedMs: () => distanceMs,
  };
  if (fault === null) return sound;
  switch (fault.kind) {
    case "dead":
      return { ...sound, answers: (nowMs) => nowMs < fault.fromMs };
    case "lossy":
      return { ...sound, answers: () => random.uniform() >= fault.ratio };
    case "slow": {
      let isSlow = false;
      let untilMs = 0;
      return {
        ...sound,
        addedMs(nowMs) {
          for (; nowMs >= untilMs; isSlow = !isSlow)
            untilMs += random.exponential(fault.meanMs);
          return distanceMs + (isSlow ? fault.ms : 0);
        },
      };
    }
  }
}

/** Pings through both directions. As sparse flows they pass CAKE without delay; in the ISP's queues they wait. */
interface Probes {
  /** Puts probes into queues. Called before the lanes advance by a millisecond. */
  enter(nowMs: number): void;
  /** Takes probes out of queues. Called after the lanes have advanced. */
  leave(nowMs: number): void;
  /** Replies since the last take, in order of arrival, and the number of probes that passed their deadline. */
  take(nowMs: number): {
    readonly replies: SimulatedReply[];
    readonly lost: number;
  };
}

/** A reply that contains more than a real one. */
export interface SimulatedReply extends Reply {
  /** One-way delays by the reflector's clock, ms: each includes a constant offset. */
  readonly oneWayMs: PerDirection<number>;
  /** Delay added by queues and schedulers: for scores, not visible to the controller. */
  readonly addedMs: number;
}

interface ProbePlan extends Pick<
  LinePlan,
  | "baseRttMs"
  | "jitterMs"
  | "probeLossRatio"
  | "spikes"
  | "faults"
  | "sightRatio"
> {
  /** RTT to the nearest reflector without queues; at least `baseRttMs`. */
  readonly pathMs: (nowMs: number) => number;
  /** Delay currently added by radio schedulers. */
  readonly schedulerMs: () => number;
  readonly reflectors: number;
  /** Maximum extra RTT of a reflector over the nearest one, ms. */
  readonly spreadMs: number;
  readonly spacingMs: number;
  readonly lossMs: number;
}

export const NO_SPIKES: Spikes = { ratio: 0, lowMs: 0, highMs: 0 };

interface Probe {
  readonly reflector: number;
  readonly sentAtMs: number;
  /** Drawn when the probe is sent, so that its fate does not shift the random numbers of others. */
  readonly luck: PerDirection<number>;
  /** Delay to add after the last queue. */
  spareMs: number;
  /** The part of its RTT not caused by queues. */
  travelMs: number;
  enterAtMs: number;
  turnedAtMs: number;
  mark: number;
  receivedAtMs: number;
}

/** @param name separates the random streams of several probers on one line */
export function openProbes(
  plan: ProbePlan,
  { download, upload }: PerDirection<SimulatedDirection>,
  seed: number,
  name = "probes",
): Probes {
  const { sightRatio = 1, spikes = NO_SPIKES } = plan;
  const random = openRandom(seed, name);
  const distance = openRandom(seed, `${name} reflectors`);
  const spikeDice = openRandom(seed, `${name} spikes`);
  const reflectors = Array.from({ length: plan.reflectors }, (_, place) =>
    openReflector(
      distance.between(0, plan.spreadMs),
      plan.faults?.[place] ?? null,
      openRandom(seed, `${name} reflector ${place}`),
    ),
  );
  let sent = 0;
  const inUpload: Probe[] = [];
  const between: Probe[] = [];
  const inDownload: Probe[] = [];
  const coming: Probe[] = [];
  const undecided: Probe[] = [];

  function setOut(nowMs: number) {
    const probe: Probe = {
      reflector: sent++ % plan.reflectors,
      sentAtMs: nowMs,
      luck: { download: random.uniform(), upload: random.uniform() },
      spareMs: random.exponential(plan.jitterMs),
      travelMs: 0,
      enterAtMs: nowMs,
      turnedAtMs: nowMs,
      mark: 0,
      receivedAtMs: Infinity,
    };
    undecided.push(probe);
    if (spikeDice.uniform() < spikes.ratio)
      probe.spareMs += spikeDice.between(spikes.lowMs, spikes.highMs);
    probe.travelMs = probe.spareMs;
    if (random.uniform() < plan.probeLossRatio) return;
    if (probe.luck.upload < upload.fifo.lossRatio()) return;
    if (sightRatio === 1) queue(probe, inUpload, upload.fifo);
    else turnBack(probe, nowMs + sightRatio * upload.fifo.waitMs());
  }

  function turnBack(probe: Probe, atMs: number) {
    const reflector = reflectors[probe.reflector];
    if (reflector === undefined || !reflector.answers(atMs)) return;
    const routeMs = plan.pathMs(atMs) + reflector.addedMs(atMs);
    const packetMs = probe.luck.upload * upload.cake.packetMs();
    probe.turnedAtMs = atMs + packetMs + routeMs / 2;
    probe.travelMs += routeMs;
    const backAtMs = atMs + routeMs + plan.schedulerMs();
    probe.enterAtMs = Math.floor(backAtMs);
    probe.spareMs += packetMs + backAtMs - probe.enterAtMs;
    between.push(probe);
  }

  function answer(probe: Probe, atMs: number) {
    // before CAKE packets arrive in bursts as sent, after it one by one
    probe.spareMs +=
      probe.luck.download *
      (download.fifo.burstMs() + download.cake.packetMs());
    probe.receivedAtMs = atMs + probe.spareMs;
    coming.push(probe);
  }

  return {
    enter(nowMs) {
      if (nowMs % plan.spacingMs === 0) setOut(nowMs);
      for (const probe of removed(between, (p) => p.enterAtMs <= nowMs)) {
        if (probe.luck.download < download.fifo.lossRatio()) continue;
        if (sightRatio === 1) queue(probe, inDownload, download.fifo);
        else answer(probe, nowMs + sightRatio * download.fifo.waitMs());
      }
    },
    leave(nowMs) {
      release(inUpload, upload.fifo, nowMs, turnBack);
      release(inDownload, download.fifo, nowMs, answer);
    },
    take(nowMs) {
      const overdue = removed(
        undecided,
        (p) => p.sentAtMs + plan.lossMs <= nowMs,
      );
      return {
        replies: removed(coming, (p) => p.receivedAtMs <= nowMs)
          .sort((a, b) => a.receivedAtMs - b.receivedAtMs)
          .map((probe) => toReply(probe, reflectors[probe.reflector])),
        lost: overdue.filter((p) => p.receivedAtMs > p.sentAtMs + plan.lossMs)
          .length,
      };
    },
  };
}

function queue(probe: Probe, waiting: Probe[], fifo: Fifo): void {
  probe.mark = fifo.mark();
  waiting.push(probe);
}

/** Passes on each probe that left the queue in this millisecond, with its time. */
function release(
  waiting: Probe[],
  fifo: Fifo,
  nowMs: number,
  onward: (probe: Probe, atMs: number) => void,
): void {
  for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
    const goneAt = fifo.goneAt(first.mark);
    if (goneAt === null) return;
    waiting.shift();
    onward(first, nowMs + goneAt);
  }
}

/** Removes and returns the matching probes, in order. */
function removed(probes: Probe[], fits: (probe: Probe) => boolean): Probe[] {
  if (!probes.some(fits)) return [];
  const out = probes.filter(fits);
  const stay = probes.filter((probe) => !fits(probe));
  probes.splice(0, probes.length, ...stay);
  return out;
}

function toReply(
  probe: Probe,
  reflector: Reflector | undefined,
): SimulatedReply {
  const { sentAtMs, turnedAtMs, receivedAtMs, travelMs } = probe;
  const rttMs = receivedAtMs - sentAtMs;
  // ICMP timestamps are whole milliseconds, and the clocks differ
  const told = Math.round(turnedAtMs + (reflector?.clockMs ?? 0));
  return {
    reflector: probe.reflector,
    sentAt: sentAtMs as MonoMs,
    receivedAt: receivedAtMs as MonoMs,
    rttMs,
    oneWayMs: { upload: told - sentAtMs, download: receivedAtMs - told },
    addedMs: rttMs - travelMs,
  };
}
