import type { PerDirection } from "../../shared/contract/direction.js";
import { share } from "./smoothing.js";
import { TUNING } from "./tuning.js";

/**
 * Which way a delay was. A round trip and the difference of its ways make both, but for the skew: what the difference is
 * when no queue stands, mostly that of two clocks.
 */
type Ways = PerDirection<number> | null;

/** The way there less the way back, ms; null where the reflector does not tell. */
export const skewOf = (wayMs: Ways): number | null =>
  wayMs === null ? null : wayMs.upload - wayMs.download;

/** A delta by direction, ms; null where the reflector does not tell, or its clock is not known. */
export function split(
  deltaMs: number,
  skewMs: number | null,
  wayMs: Ways,
): Ways {
  const unlikeMs = skewOf(wayMs);
  if (unlikeMs === null || skewMs === null) return null;
  const leanMs = unlikeMs - skewMs;
  return { upload: (deltaMs + leanMs) / 2, download: (deltaMs - leanMs) / 2 };
}

/**
 * The skew after one more reply. Clocks drift, so it follows while no queue stands; clocks step, so it is void when the
 * ways differ by more than any queue can explain: by more than there is delta, and packets of our own that the baseline
 * may have taken for the path.
 */
export function followSkew(
  skewMs: number | null,
  wayMs: Ways,
  deltaMs: number,
  elapsedMs: number,
  ownMs: number,
): number | null {
  const unlikeMs = skewOf(wayMs);
  if (unlikeMs === null) return skewMs;
  const leanMs = unlikeMs - (skewMs ?? unlikeMs);
  const isPossible =
    Math.abs(leanMs) <= Math.abs(deltaMs) + TUNING.skewToleranceMs + ownMs;
  if (deltaMs > TUNING.baselineNearMs) return isPossible ? skewMs : null;
  // a path this much shorter than known was never seen without a queue
  const isKnown = skewMs !== null && deltaMs >= -TUNING.skewToleranceMs;
  return isKnown && isPossible
    ? skewMs + leanMs * share(elapsedMs, TUNING.skewMs)
    : unlikeMs;
}
