import {
  type Clock,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";
import type { Report } from "../../shared/runtime/outage.js";
import type { ControlState } from "../law/control.js";
import { silenceMs } from "../law/evidence.js";
import { PAUSED_MS } from "../line/line.js";
import type { Signs } from "./classification.js";

/** Whether pings can be sent, and whether too few are answered to control the rates. */
type Probing = Pick<Signs, "pingerFault" | "isSparse">;

/** Reports changes from one cycle to the next. */
export interface Watch {
  look(before: ControlState, after: ControlState, signs: Probing): void;
}

/** ms without any answer after which measurement is lost. */
const MEASUREMENT_LOST_MS = 1_000;
/** ms without an answer from one reflector, while others answer, after which that reflector is lost. */
const REFLECTOR_LOST_MS = 5_000;
/** ms without any answer after which measurement is lost, while answers are sparse. */
const SPARSE_LOST_MS = 5_000;

/** A larger change of the wall clock against the monotonic one between two cycles, ms, is a step: NTP slews less. */
const CLOCK_STEP_MS = 1_000;

export function openWatch(
  reflectors: readonly string[],
  clock: Clock,
  report: Report,
): Watch {
  let isMeasurementLost = false;
  /** Since when pings have been answered, without a suspension of this process. */
  let hearingFrom = -Infinity as MonoMs;
  /** When each lost reflector last answered. */
  const lostReflectors = new Map<number, MonoMs>();
  let clockOffsetMs = clock.wall() - clock.mono();

  function lookAtMeasurement(
    before: ControlState,
    after: ControlState,
    { isSparse }: Probing,
  ): void {
    const silent = silenceMs(after.evidence, after.at);
    const lostMs = isSparse ? SPARSE_LOST_MS : MEASUREMENT_LOST_MS;
    if (!isMeasurementLost && Number.isFinite(silent) && silent > lostMs) {
      isMeasurementLost = true;
      report("measurement_lost", { silent_ms: Math.round(silent) });
    } else if (isMeasurementLost && silent <= MEASUREMENT_LOST_MS) {
      isMeasurementLost = false;
      report("measurement_back", {
        silent_ms: Math.round(silenceMs(before.evidence, after.at)),
      });
    }
  }

  /** A suspended process receives nothing: not the reflectors' fault. */
  function lookAtPause(before: ControlState, after: ControlState): void {
    const pausedMs = msSince(before.at, after.at);
    if (pausedMs <= PAUSED_MS) return;
    hearingFrom = after.at;
    report("paused", { lasted_ms: Math.round(pausedMs) });
  }

  /** If no pings are answered, or too few, the line is the cause, not a reflector. */
  function lookAtReflectors(
    { estimate, at }: ControlState,
    { pingerFault, isSparse }: Probing,
  ): void {
    const own = estimate.baselines.slice(0, reflectors.length);
    const heardAt = own.map((baseline) => baseline?.at ?? -Infinity);
    const quietMs = msSince(Math.max(...heardAt) as MonoMs, at);
    const isPinging = pingerFault === null && !isSparse;
    if (!isPinging || quietMs > MEASUREMENT_LOST_MS) {
      hearingFrom = at;
      return;
    }
    reflectors.forEach((reflector, index) => {
      const baseline = own[index];
      if (!baseline) return;
      const quietMs = msSince(baseline.at, at);
      const unheardMs = Math.min(quietMs, msSince(hearingFrom, at));
      if (unheardMs > REFLECTOR_LOST_MS && !lostReflectors.has(index)) {
        lostReflectors.set(index, baseline.at);
        report("reflector_lost", { reflector, quiet_ms: Math.round(quietMs) });
        return;
      }
      const lostAt = lostReflectors.get(index);
      if (lostAt === undefined || quietMs > REFLECTOR_LOST_MS) return;
      lostReflectors.delete(index);
      const lostMs = Math.round(msSince(lostAt, baseline.at));
      report("reflector_back", { reflector, lost_ms: lostMs });
    });
  }

  function lookAtCounters(before: ControlState, after: ControlState): void {
    const [was, is] = [
      before.counterUpdates.heldMs,
      after.counterUpdates.heldMs,
    ];
    if (was === 0 && is > 0)
      report("counters_slow", { every_ms: Math.round(is) });
    if (was > 0 && is === 0) report("counters_prompt", {});
  }

  function lookAtClock(): void {
    const offsetMs = clock.wall() - clock.mono();
    const stepMs = offsetMs - clockOffsetMs;
    clockOffsetMs = offsetMs;
    if (Math.abs(stepMs) > CLOCK_STEP_MS)
      report("clock_stepped", { step_ms: Math.round(stepMs) });
  }

  return {
    look(before, after, probing) {
      lookAtPause(before, after);
      lookAtMeasurement(before, after, probing);
      lookAtReflectors(after, probing);
      lookAtCounters(before, after);
      lookAtClock();
    },
  };
}
