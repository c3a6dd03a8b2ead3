import { type Clock, later } from "../../shared/runtime/clock.js";
import type { Link } from "../condition.js";
import { deviceState, ownName } from "../pinger/libc.js";

/** A device that packets pass, besides the one that is counted. */
export interface PassedDevice {
  readonly name: string;
  /** Never waits. A carrier is not asked for: where nobody is on the LAN, the line is as well. */
  link(): Link | null;
}

/** One that is away may come back, and be called by another of its names. */
const RENAME_MS = 1_000;

export function openPassedDevice(name: string, clock: Clock): PassedDevice {
  let listedAs = ownName(name);
  let askAt = clock.mono();
  return {
    name,
    link() {
      const state = deviceState(listedAs);
      if (state !== "gone" || clock.mono() < askAt) return state;
      askAt = later(clock.mono(), RENAME_MS);
      listedAs = ownName(name);
      return deviceState(listedAs);
    },
  };
}
