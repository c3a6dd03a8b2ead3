import type { MonoMs } from "../../shared/clock.js";
import type { PerDirection } from "../../shared/direction.js";
import type { Reply } from "../law/reading.js";
import type { Fifo } from "./fifo.js";
import type { Lane } from "./lane.js";
import { openRandom } from "./random.js";

/** Pings through both directions. Sparse, they pass CAKE at once; in the ISP's queues they wait with everybody else. */
export interface Probes {
  /** What enters a queue at this instant. Called before the lanes let the millisecond pass. */
  enter(nowMs: number): void;
  /** What left a queue in the millisecond that began at this instant. Called after. */
  leave(nowMs: number): void;
  /** Replies that came since the last take, as they came, and how many probes passed their deadline. */
  take(nowMs: number): { readonly replies: Reply[]; readonly lost: number };
}

export interface ProbePlan {
  /** The way to the nearest reflector and back, queues apart. */
  readonly baseRttMs: number;
  readonly jitterMs: number;
  readonly probeLossRatio: number;
  readonly reflectors: number;
  readonly spacingMs: number;
  readonly lossMs: number;
  readonly tellsWays: boolean;
}

interface Probe {
  readonly reflector: number;
  readonly sentAtMs: number;
  /** Cast as it sets out, so that what comes of one probe shifts no other's luck. */
  readonly luck: PerDirection<number>;
  /** What is still to be added after the last queue. */
  spareMs: number;
  enterAtMs: number;
  mark: number;
  /** When the reflector turned it round. */
  turnedAtMs: number;
  receivedAtMs: number;
}

/** How much farther than the nearest a reflector is, at most. */
const FARTHER_MS = 6;

/** How far off a reflector's clock is, at most. */
const CLOCK_OFF_MS = 5000;

export function openProbes(
  plan: ProbePlan,
  { download, upload }: PerDirection<Lane>,
  seed: number,
): Probes {
  const random = openRandom(seed, "probes");
  const distance = openRandom(seed, "reflectors");
  const wayMs = Array.from(
    { length: plan.reflectors },
    () => plan.baseRttMs + distance.between(0, FARTHER_MS),
  );
  const clock = openRandom(seed, "reflectors' clocks");
  const clockOffMs = wayMs.map(() => clock.between(0, CLOCK_OFF_MS));
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
      enterAtMs: nowMs,
      mark: 0,
      turnedAtMs: Infinity,
      receivedAtMs: Infinity,
    };
    undecided.push(probe);
    probe.spareMs += probe.luck.upload * upload.cake.packetMs();
    if (random.uniform() < plan.probeLossRatio) return;
    if (probe.luck.upload >= upload.fifo.lossRatio())
      queue(probe, inUpload, upload.fifo);
  }

  function turnBack(probe: Probe, atMs: number) {
    const backAtMs = atMs + (wayMs[probe.reflector] ?? 0);
    probe.turnedAtMs = (atMs + backAtMs) / 2;
    probe.enterAtMs = Math.floor(backAtMs);
    probe.spareMs += backAtMs - probe.enterAtMs;
    between.push(probe);
  }

  function answer(probe: Probe, atMs: number) {
    probe.spareMs += probe.luck.download * download.cake.packetMs();
    probe.receivedAtMs = atMs + probe.spareMs;
    coming.push(probe);
  }

  return {
    enter(nowMs) {
      if (nowMs % plan.spacingMs === 0) setOut(nowMs);
      for (const probe of removed(between, (p) => p.enterAtMs <= nowMs))
        if (probe.luck.download >= download.fifo.lossRatio())
          queue(probe, inDownload, download.fifo);
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
          .map((probe) =>
            toReply(
              probe,
              plan.tellsWays ? (clockOffMs[probe.reflector] ?? 0) : null,
            ),
          ),
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

/** The reply; where the reflector's clock is this far off and told, with the ways, in its whole milliseconds. */
function toReply(probe: Probe, clockOffMs: number | null): Reply {
  const { reflector, sentAtMs, turnedAtMs, receivedAtMs } = probe;
  const stampMs = Math.floor(turnedAtMs + (clockOffMs ?? 0));
  return {
    reflector,
    sentAt: sentAtMs as MonoMs,
    receivedAt: receivedAtMs as MonoMs,
    rttMs: receivedAtMs - sentAtMs,
    wayMs:
      clockOffMs === null
        ? null
        : { upload: stampMs - sentAtMs, download: receivedAtMs - stampMs },
  };
}
