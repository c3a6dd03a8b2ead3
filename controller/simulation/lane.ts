import type { Direction } from "../../shared/contract/direction.js";
import { type DirectionPlan, openCapacity } from "./plan.js";
import { type Cake, type Fifo, openCake, openFifo } from "./queues.js";
import { openRandom } from "./random.js";
import { bytesPerMs, type Slot, waitMs } from "./stream.js";
import type { Sender } from "./tcp.js";
import { openSource, openTraffic } from "./traffic.js";

/** One direction of the line: senders, bottleneck and shaper, in the order of that direction. */
export interface SimulatedDirection {
  readonly fifo: Fifo;
  readonly cake: Cake;
  /**
   * Advances by one millisecond.
   * @param shaperBps the bandwidth of CAKE
   * @param ackMs how long an ack sent now takes to return, ms
   * @param ackedBytes bytes delivered in the other direction, whose acks travel in this one
   */
  pass(
    nowMs: number,
    shaperBps: number,
    ackMs: number,
    ackedBytes: number,
  ): void;
  /** To be called with non-decreasing times. */
  capacityBps(nowMs: number): number;
  /** Bytes that passed the WAN port since the start. */
  portBytes(): number;
  /** Bytes delivered in the last millisecond. */
  deliveredBytes(): number;
  /** Queueing delay of an ack sent in this direction now, ms. */
  ackWaitMs(): number;
}

/** A sender detects a loss after this at the latest (retransmission timeout). */
const LATEST_NOTICE_MS = 1000;
/** An ack of 66 bytes for every two packets, half of them filtered on the way. */
const ACK_RATIO = 66 / (4 * 1514);

export function openSimulatedDirection(
  direction: Direction,
  plan: DirectionPlan,
  seed: number,
): SimulatedDirection {
  const capacity = openCapacity(
    plan.capacity(openRandom(seed, `${direction} capacity`)),
  );
  let ackBytes = 0;
  let portBytes = 0;
  let delivered = 0;
  const acks = openSource(() => ackBytes);
  const senders = [...openTraffic(plan, seed, direction), acks];
  const bufferBytes = bytesPerMs(capacity(0)) * plan.bufferMs;
  const isDownload = direction === "download";
  const { fifo, cake, port, end } = isDownload
    ? bottleneckFirst(senders, bufferBytes)
    : shaperFirst(senders, bufferBytes);

  const ackQueue = cake.slots.at(-1);

  const unacked = end.map(() => 0);

  /**
   * Tells every sender which bytes arrived and which were lost. A loss is noticed with the acks of later packets. While
   * the other direction carries nothing, no acks return.
   */
  function report(ackMs: number) {
    const isHeard = ackMs < Infinity;
    delivered = 0;
    for (const [i, last] of end.entries()) {
      const first = last.from;
      const rttMs = ackMs + waitMs(first) + waitMs(last);
      const lost = first.lost + last.lost;
      const arrived = (unacked[i] ?? 0) + last.out;
      if (isHeard && arrived > 0) first.from.delivered(arrived, ackMs, rttMs);
      unacked[i] = isHeard ? 0 : arrived;
      if (lost > 0) first.from.dropped(lost, Math.min(rttMs, LATEST_NOTICE_MS));
      delivered += last.out;
    }
    for (const { out } of port) portBytes += out;
  }

  return {
    fifo,
    cake,
    pass(nowMs, shaperBps, ackMs, ackedBytes) {
      const bottleneck = bytesPerMs(capacity(nowMs));
      ackBytes = ackedBytes * ACK_RATIO;
      for (const sender of senders) sender.send(nowMs);
      if (isDownload) fifo.pass(bottleneck);
      cake.pass(bytesPerMs(shaperBps), nowMs);
      if (!isDownload) fifo.pass(bottleneck);
      report(ackMs);
    },
    capacityBps: capacity,
    portBytes: () => portBytes,
    deliveredBytes: () => delivered,
    ackWaitMs: () =>
      fifo.waitMs() + (ackQueue === undefined ? 0 : waitMs(ackQueue)),
  };
}

interface Order {
  readonly fifo: Fifo;
  readonly cake: Cake;
  /** Where the byte counters of the WAN port count. */
  readonly port: readonly Slot[];
  readonly end: readonly Slot<Slot<Sender>>[];
}

function bottleneckFirst(
  senders: readonly Sender[],
  bufferBytes: number,
): Order {
  const fifo = openFifo(senders, bufferBytes);
  const cake = openCake(fifo.slots, true);
  return { fifo, cake, port: fifo.slots, end: cake.slots };
}

function shaperFirst(senders: readonly Sender[], bufferBytes: number): Order {
  const cake = openCake(senders, false);
  const fifo = openFifo(cake.slots, bufferBytes);
  return { fifo, cake, port: cake.slots, end: fifo.slots };
}
