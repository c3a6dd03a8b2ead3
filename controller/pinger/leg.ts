import type { PerDirection } from "../../shared/contract/direction.js";
import { type MonoMs, since } from "../../shared/runtime/clock.js";
import { DAY_MS, type Times } from "./icmp.js";

/** How far a reflector's clock is from ours, as far as that can be known, and the last times by it. */
export interface Legs {
  /** What is taken off its time of day to have ours. */
  readonly clockMs: number;
  readonly wayMs: PerDirection<number>;
}

/** One round trip by both clocks: ours is monotonic, the reflector's counts the ms of its day. */
export interface RoundTrip extends Times {
  readonly sentAt: MonoMs;
  readonly receivedAt: MonoMs;
}

/** The reflector's clock counts whole ms, and may be slewed. */
const TOLERANCE_MS = 2;

/**
 * Splits a round trip into its two ways, which together are the RTT less what the reflector took; null where its times
 * make no sense. No way takes less than nothing or more than both together: a clock that says so was set, and the change
 * since the last round trip is then shared evenly.
 */
export function split(before: Legs | null, trip: RoundTrip): Legs | null {
  const tookMs = withinDay(trip.transmitMs - trip.receiveMs);
  const bothMs = since(trip.sentAt, trip.receivedAt) - tookMs;
  if (tookMs < 0 || bothMs < -TOLERANCE_MS) return null;
  const untilMs = trip.receiveMs - trip.sentAt;
  if (before !== null) {
    const upload = withinDay(untilMs - before.clockMs);
    if (upload >= -TOLERANCE_MS && upload <= bothMs + TOLERANCE_MS)
      return {
        clockMs: before.clockMs,
        wayMs: { upload, download: bothMs - upload },
      };
  }
  const { upload: last, download } = before?.wayMs ?? {
    upload: 0,
    download: 0,
  };
  const changeMs = bothMs - last - download;
  const upload = Math.min(
    Math.max(0, bothMs),
    Math.max(0, last + changeMs / 2),
  );
  return {
    clockMs: untilMs - upload,
    wayMs: { upload, download: bothMs - upload },
  };
}

/** A difference of two times of day, over midnight too: at least -12 h, below 12 h. */
export const withinDay = (ms: number): number => {
  const forward = (((ms + DAY_MS / 2) % DAY_MS) + DAY_MS) % DAY_MS;
  return forward - DAY_MS / 2;
};
