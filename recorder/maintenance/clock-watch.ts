import { HOUR_MS } from "../../shared/contract/units.js";
import {
  type Clock,
  later,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";

/** A step of this much is no correction any more. */
const JUMP_MS = HOUR_MS;

/** For so long after a jump, ms, nothing is deleted by age: time to set a wrong clock right. */
const HOLD_MS = HOUR_MS;

/** Whether the wall clock may be believed when it says that something is old. */
export interface ClockWatch {
  /** @returns how far the wall clock jumped since the last look, ms; null where it did not */
  look(): number | null;
  /** How long it is not to be trusted yet, ms; 0 where it is. */
  holdMs(): number;
}

/** @param newestMs the newest frame that is stored: what the wall clock said when it was last looked at */
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
      // the newest frame is the measure once; then it is the monotonic clock, against which small steps add up
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
