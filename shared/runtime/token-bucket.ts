import { type MonoMs, msSince } from "./clock.js";

/** A rate limit: tokens a second over time, and at most `burst` of them at once. */
export interface RateLimit {
  readonly perS: number;
  readonly burst: number;
}

/** What is left of a rate limit. In any w seconds at most burst + w * perS tokens are taken. */
export interface TokenBucket {
  /** Negative after taking more than there was. */
  readonly left: number;
  readonly at: MonoMs;
}

export const fullBucket = ({ burst }: RateLimit, at: MonoMs): TokenBucket => ({
  left: burst,
  at,
});

const leftAt = (
  { perS, burst }: RateLimit,
  { left, at }: TokenBucket,
  now: MonoMs,
): number => Math.min(burst, left + (perS * msSince(at, now)) / 1e3);

export const canTake = (
  limit: RateLimit,
  bucket: TokenBucket,
  tokens: number,
  now: MonoMs,
): boolean => leftAt(limit, bucket, now) >= tokens;

/** The bucket without these tokens, whether it held as many or not. */
export const taken = (
  limit: RateLimit,
  bucket: TokenBucket,
  tokens: number,
  now: MonoMs,
): TokenBucket => ({ left: leftAt(limit, bucket, now) - tokens, at: now });
