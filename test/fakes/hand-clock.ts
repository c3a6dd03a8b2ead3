import type { Clock, MonoMs, WallMs } from "../../shared/runtime/clock.js";
import { NOON_MS } from "./frames.js";

/** A clock that stands still until it is moved. */
export interface HandClock extends Clock {
  advance(ms: number): void;
  /** Sets the wall clock, ahead or back. */
  step(ms: number): void;
}

export function handClock(wallMs = NOON_MS): HandClock {
  let mono = 1_000;
  let wall = wallMs;
  return {
    mono: () => mono as MonoMs,
    wall: () => wall as WallMs,
    sleepUntil: () => Promise.resolve(),
    advance(ms) {
      mono += ms;
      wall += ms;
    },
    step(ms) {
      wall += ms;
    },
  };
}
