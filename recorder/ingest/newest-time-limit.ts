import { KEPT_MINUTES_MAX } from "../../shared/bus/ring.js";
import { type Clock, later, type WallMs } from "../../shared/runtime/clock.js";

/** As long as a controller may keep frames to send them again. */
const KEPT_MS = KEPT_MINUTES_MAX * 60_000;

/**
 * The latest time that a frame may bear which comes now: what the wall clock says, or, for some hours after it was set
 * back, what it would say otherwise. Frames were on their way meanwhile, and others are sent again (STOR-04, INTG-04).
 */
export interface Horizon {
  /** Knows the clock by its looks alone: to be called every second. */
  look(): WallMs;
}

export function openHorizon(clock: Clock): Horizon {
  let aheadMs = clock.wall() - clock.mono();
  let until = later(clock.mono(), KEPT_MS);
  return {
    look() {
      const now = clock.mono();
      const nowAheadMs = clock.wall() - now;
      if (nowAheadMs >= aheadMs || now >= until) {
        aheadMs = nowAheadMs;
        until = later(now, KEPT_MS);
      }
      return (now + aheadMs) as WallMs;
    },
  };
}
