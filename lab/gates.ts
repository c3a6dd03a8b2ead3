import type { Measure, Quantity } from "./score.js";
import { type Spread, spreadOf } from "./statistics.js";

/** A requirement on our own policy, and whether it is met. */
export interface GateResult {
  readonly gate: string;
  /** null: its scenarios were not played. */
  readonly holds: boolean | null;
  readonly found: string;
}

const PEER = "cake-autorate";

/** All gates for a policy. A bound must hold at the worse end of the 95 % interval over the seeds. */
export function gates(
  measures: readonly Measure[],
  policy: string,
): readonly GateResult[] {
  const of = (scenario: string, quantity: Quantity, by = policy) =>
    new Map(
      measures
        .filter((m) => m.scenario === scenario && m.policy === by)
        .flatMap((m) => {
          const value = m[quantity];
          return value === null ? [] : [[m.seed, value] as const];
        }),
    );
  const spread = (scenario: string, quantity: Quantity) =>
    spreadOf([...of(scenario, quantity).values()]);

  /** Two sets of values combined seed by seed. */
  const paired = (
    ours: ReadonlyMap<number, number>,
    theirs: ReadonlyMap<number, number>,
    combine: (a: number, b: number) => number,
  ) =>
    spreadOf(
      [...ours].flatMap(([seed, value]) => {
        const other = theirs.get(seed);
        return other === undefined ? [] : [combine(value, other)];
      }),
    );
  const ratio = (scenario: string, to: string) =>
    paired(of(scenario, "points"), of(to, "points"), (a, b) => (100 * a) / b);

  const beaten = [...new Set(measures.map(({ scenario }) => scenario))].filter(
    (scenario) => {
      const difference = (quantity: Quantity) =>
        paired(
          of(scenario, quantity),
          of(scenario, quantity, PEER),
          (a, b) => a - b,
        );
      const late = difference("excess95Ms");
      const use = difference("usePct");
      return late !== null && use !== null && late.low > 0 && use.high < 0;
    },
  );
  const hasPeer = measures.some((m) => m.policy === PEER);

  return [
    atLeast("S0: delivers of the oracle's, %", spread("S0", "usePct"), 98),
    atMost("S1: calm after a fall, s", spread("S1", "fallS"), 1.5),
    atMost("S1: used after a rise, s", spread("S1", "riseS"), 5),
    {
      gate: `nowhere both later (p95) and slower than ${PEER}`,
      holds: hasPeer ? beaten.length === 0 : null,
      found: beaten.length === 0 ? "nowhere" : beaten.join(", "),
    },
    atMost("S7: cuts an hour while idle", spread("S7", "cutsPerHour"), 1),
    atMost("S12: time at the floor, %", spread("S12", "atFloorPct"), 5),
    atLeast("S14a: points of those of S1, %", ratio("S14a", "S1"), 90),
    atLeast("S14b: points of those of S4, %", ratio("S14b", "S4"), 90),
    atMost("S14a: writes a second", spread("S14a", "writesPerS"), 2),
    atMost("S14b: writes a second", spread("S14b", "writesPerS"), 2),
  ];
}

const atLeast = (
  what: string,
  found: Spread | null,
  bound: number,
): GateResult =>
  resultOf(`${what}: at least ${bound}`, found, (it) => it.low >= bound);

const atMost = (
  what: string,
  found: Spread | null,
  bound: number,
): GateResult =>
  resultOf(`${what}: at most ${bound}`, found, (it) => it.high <= bound);

const resultOf = (
  gate: string,
  found: Spread | null,
  holds: (found: Spread) => boolean,
): GateResult => ({
  gate,
  holds: found === null ? null : holds(found),
  found:
    found === null
      ? "not played"
      : `${found.mean.toFixed(2)} (${found.low.toFixed(2)} to ${found.high.toFixed(2)})`,
});

/** All results as text. */
export const gatesInWords = (results: readonly GateResult[]): string =>
  results
    .map(({ gate, holds, found }) => {
      const word = holds === null ? "—" : holds ? "pass" : "FAIL";
      return `${word.padEnd(5)} ${gate.padEnd(50)} ${found}\n`;
    })
    .join("");
