import {
  DIRECTIONS,
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import type { MonoMs } from "../../shared/runtime/clock.js";
import type { Counted, Reading } from "../law/inputs.js";
import { openSimulatedDirection } from "./lane.js";
import { type LineName, type LinePlan, LINES, openTimeline } from "./plan.js";
import { NO_SPIKES, openProbes, type SimulatedReply } from "./probes.js";
import { openRandom } from "./random.js";
import { bytesPerMs } from "./stream.js";

/** A radio scheduler: while its direction is in use, every packet waits longer, whatever the load. */
interface Scheduler {
  /** Advances by one millisecond in which `bytes` of `capacity` bytes passed. */
  pass(bytes: number, capacity: number): void;
  addedMs(): number;
}

/** Fully in use from this share of the capacity on, averaged over about `MEMORY_MS`. */
const USED_RATIO = 0.1;
const MEMORY_MS = 100;

function openScheduler(ms: number): Scheduler {
  let use = 0;
  return {
    pass(bytes, capacity) {
      if (ms === 0 || capacity === 0) return;
      use += (bytes / capacity - use) / MEMORY_MS;
    },
    addedMs: () => ms * Math.min(1, use / USED_RATIO),
  };
}

/** A reading whose replies contain more than real ones. */
export interface SimulatedReading extends Reading {
  readonly replies: readonly SimulatedReply[];
}

/**
 * A simulated line: traffic, queues, and the RTT that results from them. The same seed and the same rates at the same
 * times give the same bytes.
 */
export interface SimulatedLine {
  /** Advances by `ms` (whole ms); returns the line's own time, which starts at 0. */
  advance(ms: number): MonoMs;
  /** What happened since the last take. */
  take(): SimulatedReading;
  /** Sets the shaper's rates, bit/s. Unshaped before the first call. */
  shape(rates: PerDirection<number>): void;
  /** Replies to the packets of the call since the last take; empty without `callEveryMs`. */
  takeCall(): readonly SimulatedReply[];
  /** Bytes delivered since the start. */
  delivered(): PerDirection<Delivered>;
  /** Current capacity, bit/s: for tests, displays and scores; not visible to the controller. */
  capacityBps(): PerDirection<number>;
}

/** Bytes since the start: delivered, and possible at full capacity. */
interface Delivered {
  readonly bytes: number;
  readonly ofBytes: number;
}

export interface SimulationOptions {
  readonly plan: LinePlan | LineName;
  readonly seed: number;
  readonly reflectors: number;
  readonly spacingMs: number;
  readonly lossMs: number;
  /** Interval of a simulated call's packets, to measure the delay of a sparse flow. */
  readonly callEveryMs?: number;
}

/** Maximum extra RTT of a reflector over the nearest one. */
const SPREAD_MS = 6;
/** Packets of a call are delayed by queues only. */
const FLAWLESS = {
  jitterMs: 0,
  probeLossRatio: 0,
  spreadMs: 0,
  spikes: NO_SPIKES,
  faults: [],
  sightRatio: 1,
};
const COUNTED_EVERY_MS = 25;

/**
 * ```
 * download:  senders -> [bottleneck, FIFO] -> counted -> [CAKE] -> LAN
 * upload:    LAN -> [CAKE] -> counted -> [bottleneck, FIFO] -> receivers
 * ```
 */
export function openSimulatedLine(options: SimulationOptions): SimulatedLine {
  const { seed, reflectors, spacingMs, lossMs } = options;
  const plan: LinePlan =
    typeof options.plan === "string" ? LINES[options.plan] : options.plan;
  const lanes = eachDirection((direction) =>
    openSimulatedDirection(direction, plan[direction], seed),
  );
  const { download, upload } = lanes;
  const { baseRttMs, countedEveryMs = COUNTED_EVERY_MS } = plan;
  const detour = openTimeline(
    plan.detours?.(openRandom(seed, "detours")) ?? [],
    { fromMs: 0, ms: 0 },
  );
  const schedulers = eachDirection((direction) =>
    openScheduler(plan[direction].schedulerMs ?? 0),
  );
  const pathMs = (nowMs: number) => baseRttMs + detour(nowMs).ms;
  const schedulerMs = () =>
    schedulers.download.addedMs() + schedulers.upload.addedMs();
  const way = { ...plan, pathMs, schedulerMs, reflectors, lossMs };
  const probes = openProbes(
    { ...way, spreadMs: SPREAD_MS, spacingMs },
    lanes,
    seed,
  );
  const { callEveryMs } = options;
  const call =
    callEveryMs === undefined
      ? null
      : openProbes(
          { ...way, ...FLAWLESS, reflectors: 1, spacingMs: callEveryMs },
          lanes,
          seed,
          "call",
        );
  const delivered = eachDirection(() => ({ bytes: 0, ofBytes: 0 }));
  let nowMs = 0;
  let rates = eachDirection(() => Infinity);
  let traffic: Counted[] = [];
  let counters = { downloadBytes: 0, uploadBytes: 0 };

  function pass() {
    probes.enter(nowMs);
    call?.enter(nowMs);
    // waits and deliveries of both directions are those of the previous millisecond
    const wayMs = pathMs(nowMs) + schedulerMs();
    const downloadAckMs = wayMs + upload.ackWaitMs();
    const uploadAckMs = wayMs + download.ackWaitMs();
    const uploaded = upload.deliveredBytes();
    const downloaded = download.deliveredBytes();
    download.pass(nowMs, rates.download, downloadAckMs, uploaded);
    upload.pass(nowMs, rates.upload, uploadAckMs, downloaded);
    for (const direction of DIRECTIONS) {
      const bytes = lanes[direction].deliveredBytes();
      const ofBytes = bytesPerMs(lanes[direction].capacityBps(nowMs));
      delivered[direction].bytes += bytes;
      delivered[direction].ofBytes += ofBytes;
      schedulers[direction].pass(bytes, ofBytes);
    }
    probes.leave(nowMs);
    call?.leave(nowMs);
    nowMs++;
    if (nowMs % countedEveryMs === 0)
      counters = {
        downloadBytes: Math.floor(download.portBytes()),
        uploadBytes: Math.floor(upload.portBytes()),
      };
    if (nowMs % COUNTED_EVERY_MS === 0)
      traffic.push({ at: nowMs as MonoMs, ...counters });
  }

  return {
    advance(ms) {
      for (const endMs = nowMs + ms; nowMs < endMs;) pass();
      return nowMs as MonoMs;
    },
    take() {
      const { replies, lost } = probes.take(nowMs);
      const counted = traffic;
      traffic = [];
      const kind =
        replies.length > 0 ? "reply" : lost > 0 ? "lost" : "none_yet";
      return { kind, replies, lost, traffic: counted };
    },
    shape(wanted) {
      rates = wanted;
    },
    takeCall: () => call?.take(nowMs).replies ?? [],
    delivered: () => eachDirection((d) => ({ ...delivered[d] })),
    capacityBps: () =>
      eachDirection((direction) => lanes[direction].capacityBps(nowMs)),
  };
}
