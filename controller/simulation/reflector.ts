import type { Fault } from "./plan.js";
import type { Random } from "./random.js";

/** A host that answers probes, or not. Asked with instants that never go back. */
export interface Reflector {
  answers(nowMs: number): boolean;
  /** How much later than the nearest reflector's its answer is. */
  addedMs(nowMs: number): number;
  /** How far its clock is from ours. */
  readonly clockMs: number;
}

/** Clocks of reflectors are as wrong as this. */
const CLOCK_ERROR_MS = 500;

export function openReflector(
  distanceMs: number,
  fault: Fault | null,
  random: Random,
): Reflector {
  const clockMs = random.between(-CLOCK_ERROR_MS, CLOCK_ERROR_MS);
  const sound = {
    clockMs,
    answers: () => true,
    addedMs: () => distanceMs,
  };
  if (fault === null) return sound;
  switch (fault.kind) {
    case "dead":
      return { ...sound, answers: (nowMs) => nowMs < fault.fromMs };
    case "lossy":
      return { ...sound, answers: () => random.uniform() >= fault.ratio };
    case "slow": {
      let isSlow = false;
      let untilMs = 0;
      return {
        ...sound,
        addedMs(nowMs) {
          for (; nowMs >= untilMs; isSlow = !isSlow)
            untilMs += random.exponential(fault.meanMs);
          return distanceMs + (isSlow ? fault.ms : 0);
        },
      };
    }
  }
}
