import { type MonoMs, msSince } from "./clock.js";

/** A rate limit: `perS` tokens per second, at most `burst` at once. */
export interface RateLimit {
  readonly perS: number;
  readonly burst: number;
}

/** The state of a rate limit. In any w seconds at most burst + w * perS tokens are taken. */
export interface TokenBucket {
  /** Tokens at `at`; negative after taking more than there were. */
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

/** The bucket after taking tokens, even if it held fewer. */
export const taken = (
  limit: RateLimit,
  bucket: TokenBucket,
  tokens: number,
  now: MonoMs,
): TokenBucket => ({ left: leftAt(limit, bucket, now) - tokens, at: now });
