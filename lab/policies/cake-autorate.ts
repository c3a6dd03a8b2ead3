import type { Counted, Limits, Reply } from "../../controller/law/inputs.js";
import { SEGMENT_BYTES } from "../../controller/simulation/tcp.js";
import {
  type Direction,
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import { clamp, MINUTE_MS } from "../../shared/contract/units.js";
import { type MonoMs, msSince } from "../../shared/runtime/clock.js";
import type { LabPolicy } from "../policy.js";

/** One-way delays, ms: half the RTT each. */
interface Thresholds {
  readonly delayMs: number;
  readonly raiseFullMs: number;
  readonly cutFullMs: number;
}

const REFLECTORS = 6;
const FIRST_BASELINE_MS = 100;
const BASELINE_UP = 0.001;
const BASELINE_DOWN = 0.9;
const WINDOW = 6;
const VOTES = 3;
const CUT_MIN = 0.99;
const CUT_MAX = 0.75;
const RAISE_MAX = 1.04;
const REFRACTORY_MS = 300;
const LOAD_EVERY_MS = 200;
const HIGH_LOAD = 0.75;
const IDLE_BPS = 2e6;
const TO_BASE_RATIO = 0.01;
const TO_BASE_EVERY_MS = 1000;
const SLEEP_AFTER_MS = MINUTE_MS;

interface DirectionState {
  bps: number;
  load: "high" | "low";
  /** Whether the byte counter has a new value that no raise has used yet. */
  isFresh: boolean;
  cutAt: MonoMs;
  toBaseAt: MonoMs;
}

/**
 * lynxthecat/cake-autorate, reimplemented from a description of its behaviour: 3 of the last 6 replies must be late, cuts
 * by the size of the delay at most every 300 ms, raises of up to 4 % per 200 ms under high load, 1 % per second towards
 * base otherwise. Without its replacement of reflectors.
 */
const cakeAutorate = (
  name: string,
  title: string,
  at: Thresholds,
): LabPolicy => ({
  name,
  title,
  reflectors: REFLECTORS,
  spacingMs: 50,
  cycleMs: 10,
  open({ limits }) {
    const baselineMs = Array<number>(REFLECTORS).fill(FIRST_BASELINE_MS);
    const deltasMs: number[] = [];
    const never = -Infinity as MonoMs;
    const directions: PerDirection<DirectionState> = eachDirection((d) => ({
      bps: limits[d].baseBps,
      load: "low",
      isFresh: false,
      cutAt: never,
      toBaseAt: never,
    }));
    let counted: Counted | null = null;
    let usedAt: MonoMs | null = null;

    function updateLoad(now: Counted) {
      usedAt ??= now.at;
      if (counted === null) {
        counted = now;
        return;
      }
      const ms = msSince(counted.at, now.at);
      if (ms < LOAD_EVERY_MS) return;
      const before = counted;
      eachDirection((d) => {
        const key = `${d}Bytes` as const;
        const bps = ((now[key] - before[key]) * 8e3) / ms;
        directions[d].load =
          bps > HIGH_LOAD * directions[d].bps ? "high" : "low";
        directions[d].isFresh = true;
        if (bps > IDLE_BPS) usedAt = now.at;
      });
      counted = now;
    }

    function addReply({ reflector, rttMs }: Reply) {
      const wayMs = rttMs / 2;
      const before = baselineMs[reflector] ?? wayMs;
      const gain = wayMs > before ? BASELINE_UP : BASELINE_DOWN;
      const after = before + gain * (wayMs - before);
      baselineMs[reflector] = after;
      deltasMs.push(wayMs - after);
      if (deltasMs.length > WINDOW) deltasMs.shift();
    }

    function move(direction: Direction, now: MonoMs) {
      const state = directions[direction];
      const bounds = limits[direction];
      const lateMs = at.delayMs + (SEGMENT_BYTES * 8e3) / state.bps;
      const meanMs = deltasMs.reduce((a, b) => a + b, 0) / deltasMs.length;
      const isBloated = deltasMs.filter((ms) => ms > lateMs).length >= VOTES;
      if (isBloated) {
        if (msSince(state.cutAt, now) < REFRACTORY_MS) return;
        const severity = clamp(
          (meanMs - at.delayMs) / (at.cutFullMs - at.delayMs),
          0,
          1,
        );
        state.bps *= CUT_MIN - severity * (CUT_MIN - CUT_MAX);
        state.cutAt = now;
      } else if (state.load === "high") {
        if (!state.isFresh || msSince(state.cutAt, now) < REFRACTORY_MS) return;
        const room = clamp(
          (at.delayMs - meanMs) / (at.delayMs - at.raiseFullMs),
          0,
          1,
        );
        state.bps *= 1 + room * (RAISE_MAX - 1);
        state.isFresh = false;
      } else if (msSince(state.toBaseAt, now) >= TO_BASE_EVERY_MS) {
        state.bps = towardsBase(state.bps, bounds);
        state.toBaseAt = now;
      }
      state.bps = clamp(state.bps, bounds.floorBps, bounds.ceilingBps);
    }

    return {
      decide({ replies, traffic }, now) {
        traffic.forEach(updateLoad);
        const sleeps = usedAt !== null && msSince(usedAt, now) > SLEEP_AFTER_MS;
        for (const reply of sleeps ? [] : replies) {
          addReply(reply);
          eachDirection((d) => move(d, now));
        }
        return eachDirection((d) => directions[d].bps);
      },
    };
  },
});

function towardsBase(bps: number, { baseBps }: Limits): number {
  return bps > baseBps
    ? Math.max(baseBps, bps * (1 - TO_BASE_RATIO))
    : Math.min(baseBps, bps * (1 + TO_BASE_RATIO));
}

export const CAKE_AUTORATE = cakeAutorate(
  "cake-autorate",
  "cake-autorate with its defaults: 30 ms one way",
  { delayMs: 30, raiseFullMs: 10, cutFullMs: 60 },
);
export const CAKE_AUTORATE_TIGHT = cakeAutorate(
  "cake-autorate-15",
  "cake-autorate with 15 ms, 4 ms and 30 ms one way",
  { delayMs: 15, raiseFullMs: 4, cutFullMs: 30 },
);
