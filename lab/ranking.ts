import { groupsBy } from "../shared/contract/groups.js";
import { type Measure, QUANTITIES, type Quantity } from "./measure.js";
import { type Spread, spreadOf } from "./statistics.js";

/** What one policy made of one scenario, over all seeds. */
export type Standing = Pick<Measure, "scenario" | "policy"> &
  Readonly<Record<Quantity, Spread | null>>;

/** One standing for each scenario and policy, in the order they first come. */
export const rank = (measures: readonly Measure[]): readonly Standing[] =>
  groupsBy(measures, ({ scenario, policy }) => `${scenario} ${policy}`).map(
    (group) => {
      const spreads = QUANTITIES.map((quantity) => {
        const values = group.map((one) => one[quantity]);
        return [quantity, spreadOf(values.filter((v) => v !== null))] as const;
      });
      const [{ scenario, policy }] = group;
      return {
        ...{ scenario, policy },
        ...(Object.fromEntries(spreads) as Record<Quantity, Spread | null>),
      };
    },
  );
