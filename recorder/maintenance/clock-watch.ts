import { HOUR_MS } from "../../shared/contract/units.js";
import {
  type Clock,
  later,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";

/** A larger step of the wall clock, ms, is a jump, not a correction. */
const JUMP_MS = HOUR_MS;

/** After a jump nothing is deleted by age for this long, ms: time to correct a wrong clock. */
const HOLD_MS = HOUR_MS;

/** Decides whether the wall clock can be trusted for retention. */
export interface ClockWatch {
  /** @returns how far the wall clock jumped since the last call, ms; null if it did not */
  look(): number | null;
  /** Remaining time during which it is not trusted, ms; 0 if it is. */
  holdMs(): number;
}

/** @param newestMs time of the newest stored frame: the wall clock when it was last known */
export function openClockWatch(
  clock: Clock,
  newestMs: number | null,
): ClockWatch {
  const offset = () => clock.wall() - clock.mono();
  let reference = newestMs === null ? offset() : newestMs - clock.mono();
  let looked = newestMs === null;
  let heldUntil: MonoMs | null = null;
  return {
    look() {
      const jumpMs = offset() - reference;
      const jumped = Math.abs(jumpMs) > JUMP_MS;
      // compare with the newest frame only once; then with the monotonic clock, so that small steps add up
      if (jumped || !looked) reference = offset();
      looked = true;
      if (!jumped) return null;
      heldUntil = later(clock.mono(), HOLD_MS);
      return jumpMs;
    },
    holdMs: () =>
      heldUntil === null ? 0 : Math.max(0, msSince(clock.mono(), heldUntil)),
  };
}
