import { QUANTITIES, type Measure, type Quantity } from "./measure.js";
import { spreadOf, type Spread } from "./statistics.js";

/** What one policy made of one scenario, over all seeds. */
export type Standing = Pick<Measure, "scenario" | "policy"> &
  Readonly<Record<Quantity, Spread | null>>;

/** One standing for each scenario and policy, in the order they first come. */
export function rank(measures: readonly Measure[]): readonly Standing[] {
  const groups = new Map<string, Measure[]>();
  for (const one of measures) {
    const name = `${one.scenario} ${one.policy}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [one]);
    else group.push(one);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const spreads = QUANTITIES.map((quantity) => {
      const values = group.map((one) => one[quantity]);
      return [quantity, spreadOf(values.filter((v) => v !== null))] as const;
    });
    const { scenario, policy } = first;
    return [
      {
        scenario,
        policy,
        ...(Object.fromEntries(spreads) as Record<Quantity, Spread | null>),
      },
    ];
  });
}
