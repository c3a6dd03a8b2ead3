import type { TierName } from "../shared/contract/history.js";
import { PERIOD_MS } from "../shared/contract/row.js";

/** How densely values stand: old ones are kept at longer steps than are asked for. */
export interface Pace {
  /** For how long a value of this time stands. */
  readonly ownMs: (atMs: number) => number;
  /** A value that comes later than this after one of this time is behind a gap. */
  readonly gapMs: (atMs: number) => number;
}

const TIER_MS: Readonly<Record<TierName, number>> = {
  raw: PERIOD_MS,
  "1m": 60_000,
  "5m": 300_000,
  "1h": 3_600_000,
};

/** Cycles come late, and some never: a second without any is a gap. */
const CYCLES_GAP_MS = 1_000;

/** @param stepMs null: single cycles. @param sections what the values are made of, in order */
export function paceOf(
  stepMs: number | null,
  sections: readonly { readonly tier: TierName; readonly from: number }[],
): Pace {
  const ownMs = (atMs: number) => {
    const { tier } = sections.findLast(({ from }) => from <= atMs) ??
      sections[0] ?? { tier: "raw" };
    return Math.max(stepMs ?? 0, TIER_MS[tier]);
  };
  return {
    ownMs,
    gapMs: (atMs) => Math.max(CYCLES_GAP_MS, ownMs(atMs) * 1.5),
  };
}
