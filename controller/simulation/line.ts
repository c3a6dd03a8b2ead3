import type { MonoMs } from "../../shared/clock.js";
import { eachDirection, type PerDirection } from "../../shared/direction.js";
import type { Counted, Reading } from "../law/reading.js";
import { openLane } from "./lane.js";
import { LINES, type LineName, type LinePlan } from "./plan.js";
import { openProbes } from "./probes.js";

/**
 * A line that is not there: traffic into what the shaper and the capacity let through, real queues, and RTT as the queues
 * make it. The same seed and the same rates at the same instants give the same bytes.
 */
export interface SimulatedLine {
  /** Moves on by `ms` (whole ms); returns the line's own time afterwards, which starts at 0. */
  advance(ms: number): MonoMs;
  /** What happened since the last take. */
  take(): Reading;
  /** The shaper's rates from now on, bit/s. Unshaped until told. */
  shape(rates: PerDirection<number>): void;
  /** What the line can carry now, bit/s: for tests, displays and scores; no controller sees it. */
  capacityBps(): PerDirection<number>;
}

export interface SimulationOptions {
  readonly plan: LinePlan | LineName;
  readonly seed: number;
  readonly reflectors: number;
  readonly spacingMs: number;
  readonly lossMs: number;
  /** Whether reflectors tell the time of each way; their clocks are some seconds off. */
  readonly tellsWays?: boolean;
}

const COUNTED_EVERY_MS = 25;

/**
 * ```
 * download:  senders -> [bottleneck, FIFO] -> counted -> [CAKE] -> LAN
 * upload:    LAN -> [CAKE] -> counted -> [bottleneck, FIFO] -> receivers
 * ```
 */
export function openSimulatedLine(options: SimulationOptions): SimulatedLine {
  const { seed, reflectors, spacingMs, lossMs, tellsWays = false } = options;
  const plan =
    typeof options.plan === "string" ? LINES[options.plan] : options.plan;
  const lanes = eachDirection((direction) =>
    openLane(direction, plan[direction], seed),
  );
  const { download, upload } = lanes;
  const { baseRttMs, jitterMs, probeLossRatio } = plan;
  const probes = openProbes(
    {
      ...{ baseRttMs, jitterMs, probeLossRatio },
      ...{ reflectors, spacingMs, lossMs, tellsWays },
    },
    lanes,
    seed,
  );
  let nowMs = 0;
  let rates = eachDirection(() => Infinity);
  let traffic: Counted[] = [];

  function pass() {
    probes.enter(nowMs);
    // Both waits and both deliveries are of the millisecond before: neither direction is ahead of the other.
    const downloadAckMs = baseRttMs + upload.fifo.waitMs();
    const uploadAckMs = baseRttMs + download.fifo.waitMs();
    const uploaded = upload.deliveredBytes();
    const downloaded = download.deliveredBytes();
    download.pass(nowMs, rates.download, downloadAckMs, uploaded);
    upload.pass(nowMs, rates.upload, uploadAckMs, downloaded);
    probes.leave(nowMs);
    nowMs++;
    if (nowMs % COUNTED_EVERY_MS === 0)
      traffic.push({
        at: nowMs as MonoMs,
        downloadBytes: Math.floor(download.portBytes()),
        uploadBytes: Math.floor(upload.portBytes()),
      });
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
    capacityBps: () =>
      eachDirection((direction) => lanes[direction].capacityBps(nowMs)),
  };
}
