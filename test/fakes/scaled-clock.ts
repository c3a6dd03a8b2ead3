import {
  type Clock,
  later,
  systemClock,
  type WallMs,
} from "../../shared/runtime/clock.js";

/**
 * The system's clock, `factor` times as fast. Its wall clock begins so long ago that it does not overtake ours within
 * `spanMs` of real time: a frame from the future would be refused.
 */
export function scaledClock(factor: number, spanMs: number): Clock {
  const monoBegin = systemClock.mono();
  const wallBegin = later(systemClock.wall(), -factor * spanMs);
  const passed = () => (systemClock.mono() - monoBegin) * factor;
  return {
    mono: () => later(monoBegin, passed()),
    wall: () => Math.floor(wallBegin + passed()) as WallMs,
    sleepUntil: (due, stop) =>
      systemClock.sleepUntil(
        later(monoBegin, (due - monoBegin) / factor),
        stop,
      ),
  };
}
