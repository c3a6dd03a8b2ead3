import { inspect } from "node:util";
import { KEPT_MINUTES_MAX } from "../../shared/bus/ring.js";
import {
  decodeFrame,
  type Frame,
  FRAME_FAULTS,
  FrameError,
  type FrameFault,
  type Identity,
} from "../../shared/contract/frame.js";
import { MINUTE_MS } from "../../shared/contract/units.js";
import {
  type Clock,
  later,
  type MonoMs,
  msSince,
  type WallMs,
} from "../../shared/runtime/clock.js";
import type { Log } from "../../shared/runtime/log.js";
import type { Journal } from "../journal.js";

/** Longest time a controller keeps frames to resend them, ms. */
const KEPT_MS = KEPT_MINUTES_MAX * MINUTE_MS;

/**
 * The latest timestamp accepted in a frame: the wall clock's, or, for some hours after it was set back, the time it
 * would show otherwise, as frames from before the step may still arrive or be resent (STOR-04, INTG-04).
 */
interface NewestTimeLimit {
  /** To be called every second, to notice steps of the clock. */
  look(): WallMs;
}

export function openNewestTimeLimit(clock: Clock): NewestTimeLimit {
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

/** Frames further ahead of this clock, ms, are refused: they would outlive their retention. */
export const FUTURE_MS = MINUTE_MS;

export const wrongParts = (parts: number): FrameError =>
  new FrameError("parts", `Cannot read message: must be 2 parts: got ${parts}`);

export const wrongTopic = (topic: string, right: string): FrameError =>
  new FrameError(
    "topic",
    `Cannot take frame of topic '${right}': must be published under it: got ${inspect(topic)}`,
  );

export function tooFarAhead({ source }: Identity, aheadMs: number): FrameError {
  return new FrameError(
    "ahead",
    `Cannot take frame of '${source}': at most ${FUTURE_MS / 1e3} s ahead of this clock: got ${(aheadMs / 1e3).toFixed(0)} s`,
  );
}

export const beyond = (source: string, rule: string): FrameError =>
  new FrameError("limit", `Cannot take frame of '${source}': ${rule}`);

export const tooLong = ({ source, mono }: Frame): FrameError =>
  new FrameError(
    "field",
    `Cannot take frame of '${source}' 'mono': at most the uptime of this machine: got ${(mono / 1e3).toFixed(0)} s`,
  );

/** Decodes a frame; returns the error instead of throwing it. */
export function decode(
  message: Uint8Array,
): ReturnType<typeof decodeFrame> | FrameError {
  try {
    return decodeFrame(message);
  } catch (error) {
    if (error instanceof FrameError) return error;
    throw error;
  }
}

/** A burst ends after this time without refusals, ms, or after a minute. */
const QUIET_MS = 10_000;

/** Refused messages: one log line when a burst with one fault begins, one event when it ends. */
export interface Refusals {
  readonly count: number;
  readonly byFault: Readonly<Record<FrameFault, number>>;
  add(error: FrameError): void;
  /** Reports ended bursts. To be called about once a second. */
  sweep(journal: Journal): void;
  /** Why the last message was refused; null after a minute. */
  recent(now: MonoMs): string | null;
}

interface Burst {
  readonly begun: MonoMs;
  readonly lastAt: MonoMs;
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
  readonly example: string;
}

export function openRefusals(clock: Clock, log: Log): Refusals {
  const byFault = Object.fromEntries(
    FRAME_FAULTS.map((fault) => [fault, 0]),
  ) as Record<FrameFault, number>;
  const bursts = new Map<FrameFault, Burst>();
  let last: { readonly at: MonoMs; readonly reason: string } | null = null;
  return {
    byFault,
    get count() {
      return Object.values(byFault).reduce((sum, count) => sum + count, 0);
    },
    add({ fault, message: reason }) {
      const [at, toMs] = [clock.mono(), clock.wall()];
      byFault[fault]++;
      last = { at, reason };
      const burst = bursts.get(fault);
      if (burst === undefined) log.warn("frame_refused", { fault, reason });
      const begin = { begun: at, fromMs: toMs, count: 0, example: reason };
      const { count, ...rest } = burst ?? begin;
      bursts.set(fault, { ...rest, lastAt: at, toMs, count: count + 1 });
    },
    sweep(journal) {
      const now = clock.mono();
      for (const [fault, burst] of bursts) {
        const { lastAt, begun, fromMs, toMs, count, example } = burst;
        if (msSince(lastAt, now) < QUIET_MS && msSince(begun, now) < MINUTE_MS)
          continue;
        bursts.delete(fault);
        journal.note("frames_refused", {
          ...{ fault, count, from_ms: fromMs, to_ms: toMs, example },
        });
      }
    },
    recent: (now) =>
      last !== null && msSince(last.at, now) < MINUTE_MS ? last.reason : null,
  };
}
