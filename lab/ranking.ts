import { DIRECTIONS } from "../shared/direction.js";
import type { Outcome } from "./contest.js";
import type { Score } from "./score.js";
import { mean, spreadOf, type Spread } from "./statistics.js";

/** What one policy made of one scenario, over all seeds. */
export interface Standing {
  readonly scenario: string;
  readonly policy: string;
  /** Of what the oracle delivers with the same seed, %; the mean of the filled directions. null where none is filled. */
  readonly usePct: Spread | null;
  readonly p50Ms: Spread | null;
  readonly p95Ms: Spread | null;
  readonly p99Ms: Spread | null;
  /** Beyond the oracle's, never below 0. */
  readonly excess95Ms: Spread | null;
  readonly latePct: Spread | null;
  readonly fallS: Spread | null;
  readonly riseS: Spread | null;
  readonly writesPerS: Spread | null;
  readonly cutsPerHour: Spread | null;
  readonly atFloorPct: Spread | null;
  /** For ranking only: 100 u / (1 + E95 / 20 ms + E99 / 200 ms). */
  readonly points: Spread | null;
}

export const ORACLE_NAME = "oracle";

/** One standing for each scenario and policy, in the order they first come. */
export function rank(outcomes: readonly Outcome[]): readonly Standing[] {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const name = `${outcome.scenario} ${outcome.policy}`;
    groups.set(name, [...(groups.get(name) ?? []), outcome]);
  }
  const oracle = new Map(
    outcomes
      .filter(({ policy }) => policy === ORACLE_NAME)
      .map((outcome) => [`${outcome.scenario} ${outcome.seed}`, outcome.score]),
  );
  return [...groups.values()].map((group) => {
    const pairs = group.map(({ scenario, seed, score }) => ({
      score,
      ideal: oracle.get(`${scenario} ${seed}`) ?? null,
    }));
    const [{ scenario, policy } = { scenario: "", policy: "" }] = group;
    const over = (of: (pair: Pair) => number | null) =>
      spreadOf(pairs.map(of).filter((value) => value !== null));
    return {
      scenario,
      policy,
      usePct: over(({ score, ideal }) => times(100, relativeUse(score, ideal))),
      p50Ms: over(({ score }) => score.p50Ms),
      p95Ms: over(({ score }) => score.p95Ms),
      p99Ms: over(({ score }) => score.p99Ms),
      excess95Ms: over(excess("p95Ms")),
      latePct: over(({ score }) => 100 * score.late),
      fallS: over(({ score }) => score.fallS),
      riseS: over(({ score }) => score.riseS),
      writesPerS: over(({ score }) => score.writesPerS),
      cutsPerHour: over(({ score }) => score.cutsPerHour),
      atFloorPct: over(({ score }) => 100 * score.atFloor),
      points: over(pointsOf),
    };
  });
}

interface Pair {
  readonly score: Score;
  readonly ideal: Score | null;
}

const times = (factor: number, value: number | null) =>
  value === null ? null : factor * value;

/** Against the oracle's with the same seed; without one, against the capacity. */
function relativeUse(score: Score, ideal: Score | null): number | null {
  const parts = DIRECTIONS.flatMap((d) => {
    const use = score.use[d];
    return use === null ? [] : [use / (ideal?.use[d] ?? 1)];
  });
  return parts.length === 0 ? null : mean(parts);
}

const excess =
  (of: "p95Ms" | "p99Ms") =>
  ({ score, ideal }: Pair): number =>
    Math.max(0, score[of] - (ideal?.[of] ?? 0));

function pointsOf(pair: Pair): number | null {
  const use = relativeUse(pair.score, pair.ideal);
  if (use === null) return null;
  const blame = excess("p95Ms")(pair) / 20 + excess("p99Ms")(pair) / 200;
  return (100 * Math.min(1, use)) / (1 + blame);
}
