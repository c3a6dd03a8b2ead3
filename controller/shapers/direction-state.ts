import { toKbps } from "../../shared/contract/units.js";
import type { MonoMs } from "../../shared/runtime/clock.js";
import type { Order } from "./pace.js";

/** What is wanted and what is known of one direction. Rates in bit/s, whole kbit/s. */
export interface Lane {
  readonly wishBps: number | null;
  readonly wishedAt: MonoMs;
  readonly wasSent: boolean;
  /** As last read back, and when. */
  readonly enforcedBps: number | null;
  readonly seenAt: MonoMs;
  /** What we last set, as read back; null while nobody can say whose the rate is. */
  readonly oursBps: number | null;
}

export const freshLane = (now: MonoMs): Lane => ({
  wishBps: null,
  wishedAt: now,
  wasSent: true,
  enforcedBps: null,
  seenAt: now,
  oursBps: null,
});

/** The same lane when the wish is none that it has; null when it is. */
export function wished(lane: Lane, bps: number, now: MonoMs): Lane | null {
  const wishBps = toKbps(bps) * 1e3;
  return lane.wishBps === wishBps
    ? null
    : { ...lane, wishBps, wishedAt: now, wasSent: false };
}

/** A read-back. What is as wished is ours, whoever set it. */
export const found = (lane: Lane, bps: number, now: MonoMs): Lane => ({
  ...lane,
  enforcedBps: bps,
  seenAt: now,
  oursBps:
    lane.oursBps === null && lane.wishBps !== null && isSame(bps, lane.wishBps)
      ? bps
      : lane.oursBps,
});

/** Our own write, read back. */
export const confirmed = (lane: Lane, bps: number, now: MonoMs): Lane => ({
  ...lane,
  enforcedBps: bps,
  seenAt: now,
  oursBps: bps,
});

/** Is the rate in force one that somebody else set? */
export const isForeign = ({ oursBps, enforcedBps }: Lane): boolean =>
  oursBps !== null && enforcedBps !== null && !isSame(enforcedBps, oursBps);

/** What there may be to write; null before the first wish and the first read-back. */
export const orderOf = (lane: Lane): Order | null =>
  lane.wishBps === null || lane.enforcedBps === null
    ? null
    : {
        wishBps: lane.wishBps,
        wishedAt: lane.wishedAt,
        enforcedBps: isSame(lane.enforcedBps, lane.wishBps)
          ? lane.wishBps
          : lane.enforcedBps,
        isOurs: lane.oursBps !== null,
      };

/** tc rounds rates of HTB from 1 Gbit/s on when it prints them. */
const ROUNDED_FROM_BPS = 1e9;
const ROUNDING = 0.002;

/** Is this the rate that was asked for, read back? To the kbit/s. */
export const isSame = (foundBps: number, askedBps: number): boolean =>
  toKbps(foundBps) === toKbps(askedBps) ||
  (askedBps >= ROUNDED_FROM_BPS &&
    Math.abs(foundBps - askedBps) <= ROUNDING * askedBps);
