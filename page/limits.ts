import { type Direction, DIRECTIONS } from "../shared/contract/direction.js";
import type { HistoryEvent } from "../shared/contract/history.js";

/** Mbit/s between which a rate may move. */
export interface Limits {
  readonly floor: number;
  readonly ceiling: number;
}

/** What a configuration says of each direction; a direction of which it says nothing is left out. */
export function limitsIn(
  config: HistoryEvent | null,
): Partial<Record<Direction, Limits>> {
  const file = config?.details["config"];
  return Object.fromEntries(
    DIRECTIONS.flatMap((direction) => {
      const limits = limitsOf(member(file, direction));
      return limits === null ? [] : [[direction, limits]];
    }),
  );
}

function limitsOf(group: unknown): Limits | null {
  const floor = member(group, "floor_mbps");
  const ceiling = member(group, "ceiling_mbps");
  return typeof floor === "number" && typeof ceiling === "number"
    ? { floor, ceiling }
    : null;
}

const member = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
