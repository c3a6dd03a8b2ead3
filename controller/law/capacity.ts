import { later, since, type MonoMs } from "../../shared/clock.js";
import type { Direction } from "../../shared/direction.js";
import { clamp } from "../../shared/units.js";
import { runAbove, type Evidence } from "./evidence.js";
import type { Sample } from "./estimator.js";
import { rateBetween, type Traffic } from "./traffic.js";
import { TUNING } from "./tuning.js";

/**
 * What the line carries, seen while a queue stands before it (law.md 2), bit/s. Null without byte counters.
 * @param bad the samples that made the event
 */
export function capacityBps(
  direction: Direction,
  evidence: Evidence,
  bad: readonly Sample[],
  traffic: Traffic,
  rateBps: number,
): number | null {
  const worstMs = Math.max(...bad.map(({ delayMs }) => delayMs[direction]));
  const isSharp = worstMs > TUNING.sharpMs;
  const seen =
    direction === "download"
      ? arrivalRate(evidence, traffic, isSharp)
      : departureRate(evidence, bad, traffic, isSharp);
  if (seen === null) return null;
  return clamp(
    seen,
    TUNING.capacityMinRatio * rateBps,
    TUNING.capacityMaxRatio * rateBps,
  );
}

/**
 * Download: while the ISP's queue is not empty, what arrives here is what the line carries. The window begins with the
 * queue; after a sharp fall also with the bad samples alone, lest it reach back before the fall, and the smaller counts.
 */
function arrivalRate(
  { samples }: Evidence,
  traffic: Traffic,
  isSharp: boolean,
): number | null {
  const now = traffic.at(-1)?.at;
  if (now === undefined) return null;
  const over = (run: readonly Sample[]): number | null => {
    const first = run[0];
    const began =
      first === undefined
        ? now
        : later(first.receivedAt, -first.delayMs.download);
    return rateBetween(traffic, "download", windowStart(began, now), now);
  };
  const whole = over(runAbove(samples, "download", TUNING.queueMs));
  const sharp = isSharp
    ? over(runAbove(samples, "download", TUNING.sharpMs))
    : null;
  return whole === null || sharp === null
    ? (whole ?? sharp)
    : Math.min(whole, sharp);
}

/**
 * Upload: what leaves here enters the ISP's queue; while that grows by `slope` ms per ms, the line carries 1/(1 + slope)
 * of it. Measured over the send times of two samples.
 */
function departureRate(
  { samples }: Evidence,
  bad: readonly Sample[],
  traffic: Traffic,
  isSharp: boolean,
): number | null {
  const last = samples.at(-1);
  if (last === undefined) return null;
  const firstBad = bad[0] ?? last;
  const earliest = later(last.sentAt, -TUNING.windowMaxMs);
  const latest = isSharp
    ? firstBad.sentAt
    : later(last.sentAt, -TUNING.windowMinMs);
  const previous = isSharp
    ? samples.findLast(({ sentAt }) => sentAt < latest)
    : samples.find(({ sentAt }) => sentAt >= earliest && sentAt <= latest);
  const from = windowStart(previous?.sentAt ?? earliest, last.sentAt);
  const sent = rateBetween(traffic, "upload", from, last.sentAt);
  if (sent === null || previous === undefined) return sent;
  const slope =
    (last.delayMs.upload - previous.delayMs.upload) /
    Math.max(1, since(previous.sentAt, last.sentAt));
  return sent / (1 + Math.max(0, slope));
}

const windowStart = (began: MonoMs, now: MonoMs): MonoMs =>
  clamp(
    began,
    later(now, -TUNING.windowMaxMs),
    later(now, -TUNING.windowMinMs),
  ) as MonoMs;
