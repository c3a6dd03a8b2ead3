import { groupsBy } from "../../shared/contract/groups.js";
import type { RangeAnswer, SeriesName } from "../../shared/contract/history.js";

/** What one series was in one step. */
export interface Row extends SeriesName {
  /** Where the step begins; of a single cycle its own time. */
  readonly at: number;
  readonly count: number;
  readonly min: number;
  readonly avg: number;
  readonly max: number;
  /** Of `wanctl_state` only: ms in each state. */
  readonly stateMs: readonly number[] | null;
}

/** An answer's values one by one: by time, and at the same time in the order of its series. */
export function rowsOf({ data }: RangeAnswer): readonly Row[] {
  const rows = data.flatMap(
    ({ wan, metric, labels, unit, at, count, min, avg, max, stateMs }) =>
      at.map((ms, i): Row => ({
        ...{ at: ms, wan, metric, labels, unit },
        count: count[i] ?? 0,
        min: min[i] ?? 0,
        avg: avg[i] ?? 0,
        max: max[i] ?? 0,
        stateMs: stateMs?.[i] ?? null,
      })),
  );
  return rows.sort((a, b) => a.at - b.at);
}

/** All that a WAN's series were at one time. */
export interface Moment {
  readonly at: number;
  readonly wan: string;
  /** null where nothing is known. */
  of(metric: string, direction?: string): Row | null;
}

/** Rows, which are in order of time, by the times they share. */
export const momentsOf = (rows: readonly Row[]): readonly Moment[] =>
  groupsBy(rows, ({ at, wan }) => `${at} ${wan}`).map((group) => ({
    at: group[0].at,
    wan: group[0].wan,
    of: (metric, direction) =>
      group.find(
        (row) => row.metric === metric && row.labels["direction"] === direction,
      ) ?? null,
  }));
