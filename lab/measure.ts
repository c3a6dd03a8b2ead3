import type { Direction } from "../shared/contract/direction.js";
import { BITS_PER_MBIT } from "../shared/contract/units.js";
import { type Bin, BIN_MS, type LabRun } from "./run.js";
import type { Scenario } from "./scenario.js";

/** A run to draw, in steps of {@link TRACE_MS}. */
export interface Trace {
  readonly directions: readonly DirectionTrace[];
  /** The longest added delay of a call packet in each step; null where none arrived. */
  readonly addedMs: readonly (number | null)[];
}

/** One direction in Mbit/s; rate null: unshaped. */
export interface DirectionTrace {
  readonly direction: Direction;
  readonly capacity: readonly number[];
  readonly rate: readonly (number | null)[];
  readonly delivered: readonly number[];
}

export const TRACE_MS = 200;
const BINS = TRACE_MS / BIN_MS;

export function traceOf(
  { bins, callPackets }: LabRun,
  { loaded }: Scenario,
): Trace {
  const steps = Array.from({ length: Math.floor(bins.length / BINS) }, (_, i) =>
    bins.slice(i * BINS, (i + 1) * BINS),
  );
  const worst: (number | null)[] = steps.map(() => null);
  for (const { sentAtMs, addedMs } of callPackets) {
    const step = Math.floor(sentAtMs / TRACE_MS);
    if (step < worst.length)
      worst[step] = rounded(Math.max(worst[step] ?? 0, addedMs));
  }
  const of = (direction: Direction): DirectionTrace => ({
    direction,
    capacity: steps.map((step) => mean(step, (b) => b.capacityBps[direction])),
    rate: steps.map((step) => {
      const mbps = mean(step, (b) => b.rateBps[direction]);
      return mbps === Infinity ? null : mbps;
    }),
    delivered: steps.map((step) =>
      mean(step, (b) => b.deliveredBps[direction]),
    ),
  });
  const drawn = loaded.length > 0 ? loaded : (["download"] as const);
  return { directions: drawn.map(of), addedMs: worst };
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

const mean = (bins: readonly Bin[], bps: (bin: Bin) => number): number =>
  rounded(
    bins.reduce((sum, bin) => sum + bps(bin), 0) / bins.length / BITS_PER_MBIT,
  );
