import type { PerDirection } from "../../shared/contract/direction.js";
import type { MonoMs } from "../../shared/runtime/clock.js";
import type { Reply } from "../law/inputs.js";
import type { SimulatedDirection } from "./lane.js";
import type { SimulatedFault, LinePlan, Spikes } from "./plan.js";
import type { Fifo } from "./queues.js";
import { openRandom, type Random } from "./random.js";

/** A host that answers probes, or not. Asked with instants that never go back. */
interface Reflector {
  answers(nowMs: number): boolean;
  /** How much later than the nearest reflector's its answer is. */
  addedMs(nowMs: number): number;
  /** How far its clock is from ours. */
  readonly clockMs: number;
}

/** Clocks of reflectors are as wrong as this. */
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

/** Pings through both directions. Sparse, they pass CAKE at once; in the ISP's queues they wait with everybody else. */
interface Probes {
  /** What enters a queue at this instant. Called before the lanes let the millisecond pass. */
  enter(nowMs: number): void;
  /** What left a queue in the millisecond that began at this instant. Called after. */
  leave(nowMs: number): void;
  /** Replies that came since the last take, as they came, and how many probes passed their deadline. */
  take(nowMs: number): {
    readonly replies: SimulatedReply[];
    readonly lost: number;
  };
}

/** A reply that knows more than a real one. */
export interface SimulatedReply extends Reply {
  /** One-way times as the reflector's clock tells them: ms from us to it and back, each with a constant of its own. */
  readonly oneWayMs: PerDirection<number>;
  /** What queues and schedulers added to the way: for scores, no controller sees it. */
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
  /** The way to the nearest reflector and back at this instant, queues apart; it varies above `baseRttMs`. */
  readonly pathMs: (nowMs: number) => number;
  /** What radio schedulers add at this instant. */
  readonly schedulerMs: () => number;
  readonly reflectors: number;
  /** How much farther than the nearest a reflector is, at most, ms. */
  readonly spreadMs: number;
  readonly spacingMs: number;
  readonly lossMs: number;
}

export const NO_SPIKES: Spikes = { ratio: 0, lowMs: 0, highMs: 0 };

interface Probe {
  readonly reflector: number;
  readonly sentAtMs: number;
  /** Cast as it sets out, so that what comes of one probe shifts no other's luck. */
  readonly luck: PerDirection<number>;
  /** What is still to be added after the last queue. */
  spareMs: number;
  /** The part of its time that no queue caused. */
  travelMs: number;
  enterAtMs: number;
  turnedAtMs: number;
  mark: number;
  receivedAtMs: number;
}

/** @param name distinguishes the dice of several probers on one line */
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
    // before CAKE the packets come as they were sent, after it one by one
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

/** Hands over, with its instant, each probe that left a queue in this millisecond. */
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

/** Takes out of the list, in its order, what fits. */
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
  // both clocks count whole milliseconds, and they differ
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
