import { causeInWords } from "../shared/contract/cause.js";
import type { Direction } from "../shared/contract/direction.js";
import type { CycleFrame } from "../shared/contract/frame.js";
import { READINGS, STATES } from "../shared/contract/state.js";
import { fixed, maybe, showMbps } from "../shared/contract/units.js";
import { showDelta } from "./terminal.js";

/** One direction's part of a cycle, in words and Mbit/s. */
export interface Side {
  readonly state: string;
  readonly wanted: string;
  readonly enforced: string;
  readonly load: string;
  readonly cause: number;
  readonly why: string;
}

const NAME = { download: "Download", upload: "Upload" } as const;

export function sideOf(frame: CycleFrame, direction: Direction): Side {
  const D = NAME[direction];
  const cause = frame[`cause${D}`];
  return {
    state: STATES[frame[`state${D}`]] ?? "—",
    wanted: showMbps(frame[`wanted${D}Kbps`]),
    enforced: showMbps(frame[`enforced${D}Kbps`]),
    load: showMbps(frame[`load${D}Kbps`]),
    cause,
    why: causeInWords(frame, direction),
  };
}

export const ARROW = { download: "↓", upload: "↑" } as const;

/** "22.4" ms, or what the reading was where there was no reply. */
export const rttOf = (frame: CycleFrame): string =>
  frame.rttUs === null
    ? (READINGS[frame.reading] ?? "—")
    : fixed(frame.rttUs / 1e3, 1);

/** "+0.6" ms; "—" where it is not known. */
export const deltaOf = (frame: CycleFrame): string =>
  showDelta(maybe(frame.deltaUs, (us) => us / 1e3));
