import { later, type MonoMs } from "../../../shared/runtime/clock.js";
import type { Ask } from "./packet.js";

/**
 * What one reflector is asked for. Many answer echoes and no timestamps, so both are tried in turns, until one of them
 * is ahead. In an outage neither is, and the trial goes on: silence says nothing about a method.
 *
 *              timestamps answered                       unanswered
 *     trial ----------------------> timestamps     timestamps ------> trial
 *           ----------------------> echo           echo ------------> trial, after some minutes
 *              only echoes answered
 */
export type Method =
  | {
      readonly kind: "trial";
      readonly next: Ask;
      readonly timestamps: number;
      readonly echoes: number;
    }
  | { readonly kind: "timestamps" }
  | { readonly kind: "echo"; readonly until: MonoMs };

/** So many answers decide a trial, or so many echoes more than timestamps. */
const ENOUGH = 3;

/** A reflector, or what stands before it, may change its mind. */
const TRY_AGAIN_MS = 5 * 60_000;

export const TRIAL: Method = {
  kind: "trial",
  next: "timestamps",
  timestamps: 0,
  echoes: 0,
};

/** What to ask for now, and the method from then on. */
export function nextAsk(
  method: Method,
  now: MonoMs,
): { ask: Ask; after: Method } {
  const before = method.kind === "echo" && now >= method.until ? TRIAL : method;
  if (before.kind !== "trial") return { ask: before.kind, after: before };
  const next = before.next === "echo" ? "timestamps" : "echo";
  return { ask: before.next, after: { ...before, next } };
}

/** The method after an answer; one to `timestamps` that tells no times is an {@link unanswered} one. */
export function answered(before: Method, ask: Ask, now: MonoMs): Method {
  if (before.kind !== "trial") return before;
  const timestamps = before.timestamps + (ask === "timestamps" ? 1 : 0);
  const echoes = before.echoes + (ask === "echo" ? 1 : 0);
  if (timestamps >= ENOUGH) return { kind: "timestamps" };
  if (echoes - timestamps >= ENOUGH)
    return { kind: "echo", until: later(now, TRY_AGAIN_MS) };
  return { ...before, timestamps, echoes };
}

/** The method after a deadline that passed. */
export const unanswered = (before: Method, ask: Ask): Method =>
  before.kind === "timestamps" && ask === "timestamps" ? TRIAL : before;

/** Whether a probe that nobody answered was lost; one to a reflector that only echoes was asked too much. */
export const isLoss = (method: Method, ask: Ask): boolean =>
  ask === "echo" ||
  method.kind === "timestamps" ||
  (method.kind === "trial" && method.echoes === 0);
