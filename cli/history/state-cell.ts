import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import { STATES } from "../../shared/contract/state.js";
import { ARROW } from "../side.js";
import type { Moment, Row } from "./row.js";

/** The worst state of a step: its code, and what part of the known time was spent in it. */
export interface Worst {
  readonly code: number;
  readonly ratio: number;
}

export function worstOf(row: Row | null): Worst | null {
  if (row === null) return null;
  const { stateMs } = row;
  const knownMs = stateMs?.reduce((sum, ms) => sum + ms, 0) ?? 0;
  if (stateMs === null || knownMs <= 0) return { code: row.max, ratio: 1 };
  const code = stateMs.findLastIndex((ms) => ms > 0);
  return { code, ratio: (stateMs[code] ?? 0) / knownMs };
}

/** "GREEN", "YELLOW 3%": how long is told where it was not all the time. */
export function showWorst(worst: Worst | null): string {
  if (worst === null) return "—";
  const name = STATES[worst.code] ?? "—";
  const percent = Math.round(100 * worst.ratio);
  if (worst.ratio === 1) return name;
  return `${name} ${percent < 1 ? "<1" : Math.min(99, percent)}%`;
}

const ofState = (moment: Moment, direction: Direction) =>
  worstOf(moment.of("wanctl_state", direction));

export const stateIn = (direction: Direction) => (moment: Moment) =>
  ofState(moment, direction);

/** The worse of both directions; of equals the longer. */
export function worseState(
  moment: Moment,
): (Worst & { readonly direction: Direction }) | null {
  const [first, second] = DIRECTIONS.flatMap((direction) => {
    const worst = ofState(moment, direction);
    return worst === null ? [] : [{ ...worst, direction }];
  }).sort((a, b) => b.code - a.code || b.ratio - a.ratio);
  return first ?? second ?? null;
}

/** "↓YELLOW 3%"; "GREEN" where both are. */
export function showWorse(moment: Moment): string {
  const worse = worseState(moment);
  if (worse === null || worse.code === 0) return showWorst(worse);
  return ARROW[worse.direction] + showWorst(worse);
}
