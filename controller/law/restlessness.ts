import { clamp, inTenths } from "../../shared/contract/units.js";
import { type MonoMs, msSince } from "../../shared/runtime/clock.js";
import { CALM, type Gains, RESTLESS, TUNING } from "./tuning.js";

/** How often the capacity of a direction changes, as its cuts have shown. */
export interface Restlessness {
  /** Changes found of late: each cut that finds one counts 1, and time makes it less. */
  readonly changes: number;
  /** When a capacity was last measured; null: never. */
  readonly metAt: MonoMs | null;
}

/** @param ratio what is believed of the line before anything is measured, 0 to 1 */
export const initialRestlessness = (ratio: number): Restlessness => ({
  changes:
    ratio > 0
      ? TUNING.changesCalm +
        ratio * (TUNING.changesRestless - TUNING.changesCalm)
      : 0,
  metAt: null,
});

/**
 * After a cut out of growth. A steady line is cut at the same capacity again and again; a restless one at another each
 * time. Differences that a few packets more or less explain are none.
 */
export function nextRestlessness(
  { changes, metAt }: Restlessness,
  beforeBps: number | null,
  capacityBps: number,
  now: MonoMs,
): Restlessness {
  if (beforeBps === null) return { changes, metAt: now };
  const packets = TUNING.changePackets * TUNING.packetBits * 1e3;
  const least =
    TUNING.changeLeast +
    packets / (TUNING.windowMinMs * Math.min(capacityBps, beforeBps));
  const isChange = Math.abs(Math.log(capacityBps / beforeBps)) > least;
  const sinceMs = Math.min(
    TUNING.changeFadesMaxMs,
    metAt === null ? 0 : msSince(metAt, now),
  );
  const faded = Math.max(0, changes - (TUNING.changeFadesPerS * sinceMs) / 1e3);
  return {
    changes: Math.min(TUNING.changesRestless, faded + Number(isChange)),
    metAt: now,
  };
}

/** 0: the capacity rests for many cuts; 1: each cut finds another one. */
export const restlessRatio = ({ changes }: Restlessness): number =>
  clamp(
    (changes - TUNING.changesCalm) /
      (TUNING.changesRestless - TUNING.changesCalm),
    0,
    1,
  );

/** As it is published and kept, in tenths: finer steps would be noise. */
export const shownRestlessness = (restlessness: Restlessness): number =>
  inTenths(restlessRatio(restlessness));

export const isRestless = (restlessness: Restlessness): boolean =>
  restlessRatio(restlessness) >= TUNING.restlessFrom;

/** How fast the law moves on such a line. */
export function gainsFor(restlessness: Restlessness): Gains {
  const ratio = restlessRatio(restlessness);
  const between = (name: keyof Gains) =>
    CALM[name] + ratio * (RESTLESS[name] - CALM[name]);
  return {
    settleMs: between("settleMs"),
    slowPerS: between("slowPerS"),
    fastPerS: between("fastPerS"),
    returnPerS: between("returnPerS"),
    drainMs: between("drainMs"),
    usedRatio: between("usedRatio"),
  };
}
