import { DIRECTIONS } from "../shared/contract/direction.js";
import type { Score } from "./score.js";
import { mean } from "./statistics.js";
import type { Outcome, Task } from "./tasks.js";

/** What is compared: one number for each run, null where the scenario has no such thing. */
export const QUANTITIES = [
  "usePct",
  "p50Ms",
  "p95Ms",
  "p99Ms",
  "excess95Ms",
  "latePct",
  "fallS",
  "riseS",
  "writesPerS",
  "cutsPerHour",
  "atFloorPct",
  "points",
] as const;

export type Quantity = (typeof QUANTITIES)[number];

/**
 * One run against the oracle's with the same seed. `usePct`: delivered, of what the oracle delivers (of the capacity where
 * it does not play), the mean of the filled directions. `excess95Ms`: p95 beyond the oracle's, never below 0. `points`,
 * for ranking only: 100 u / (1 + E95 / 20 ms + E99 / 200 ms).
 */
export type Measure = Pick<Task, "scenario" | "policy" | "seed"> &
  Readonly<Record<Quantity, number | null>>;

export const ORACLE_NAME = "oracle";

export function measure(outcomes: readonly Outcome[]): readonly Measure[] {
  const ideals = new Map(
    outcomes
      .filter(({ policy }) => policy === ORACLE_NAME)
      .map(({ scenario, seed, score }) => [`${scenario} ${seed}`, score]),
  );
  return outcomes.map(({ scenario, policy, seed, score }) => {
    const ideal = ideals.get(`${scenario} ${seed}`) ?? null;
    const use = relativeUse(score, ideal);
    const excess = (of: "p95Ms" | "p99Ms") =>
      Math.max(0, score[of] - (ideal?.[of] ?? 0));
    const blame = excess("p95Ms") / 20 + excess("p99Ms") / 200;
    return {
      scenario,
      policy,
      seed,
      usePct: use === null ? null : 100 * use,
      p50Ms: score.p50Ms,
      p95Ms: score.p95Ms,
      p99Ms: score.p99Ms,
      excess95Ms: excess("p95Ms"),
      latePct: 100 * score.late,
      fallS: score.fallS,
      riseS: score.riseS,
      writesPerS: score.writesPerS,
      cutsPerHour: score.cutsPerHour,
      atFloorPct: 100 * score.atFloor,
      points: use === null ? null : (100 * Math.min(1, use)) / (1 + blame),
    };
  });
}

function relativeUse(score: Score, ideal: Score | null): number | null {
  const parts = DIRECTIONS.flatMap((d) => {
    const use = score.use[d];
    return use === null ? [] : [use / (ideal?.use[d] ?? 1)];
  });
  return parts.length === 0 ? null : mean(parts);
}
