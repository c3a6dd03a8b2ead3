import { causeInWords } from "../../shared/contract/cause.js";
import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import type { CycleFrame, Frame } from "../../shared/contract/frame.js";
import { READINGS, STATES } from "../../shared/contract/state.js";
import { fixed, maybe, showMbps } from "../../shared/contract/units.js";
import {
  clip,
  COLUMNS,
  printable,
  showDelta,
  timeOfDay,
  wrap,
} from "../terminal.js";

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

/** "22.4" ms, or the kind of reading if there was no reply. */
export const rttOf = (frame: CycleFrame): string =>
  frame.rttUs === null
    ? (READINGS[frame.reading] ?? "—")
    : fixed(frame.rttUs / 1e3, 1);

/** "+0.6" ms; "—" if unknown. */
export const deltaOf = (frame: CycleFrame): string =>
  showDelta(maybe(frame.deltaUs, (us) => us / 1e3));

/** The upload has no SOFT_RED. */
const STATE_WIDTH = { download: 8, upload: 6 } as const;

/**
 * A frame for people. A cycle is a line of aligned numbers; the cause of a rate follows on a line of its own if it
 * differs from that of `before`, the same WAN's previous cycle.
 */
export function frameLines(
  frame: Frame,
  before: CycleFrame | undefined,
): readonly string[] {
  const head = `${timeOfDay(frame.at)} ${frame.source.padEnd(8)} `;
  const text = (words: string) => wrap(head, printable(words));
  switch (frame.kind) {
    case "cycle":
      return [head + numbers(frame), ...whys(frame, before).flatMap(text)];
    case "transition":
      return text(
        `${frame.direction} ${STATES[frame.from]} -> ${STATES[frame.to]}: ${frame.reason}`,
      );
    case "event":
      return text(`${frame.event}${pairs(frame.detail)}`);
    case "sample":
      return text(`${frame.metric}${pairs(frame.labels)} ${frame.value}`);
    case "config":
      return [
        clip(
          head +
            printable(
              `config at ${frame.trigger}: ${JSON.stringify(frame.config)}`,
            ),
          COLUMNS,
        ),
      ];
  }
}

/** `    22.4   +0.6 ms ↓GREEN     187/187   ↑GREEN   17.1/17.1`: RTT, delta, then state and wanted/enforced Mbit/s. */
function numbers(frame: CycleFrame): string {
  const side = (direction: Direction) => {
    const { state, wanted, enforced } = sideOf(frame, direction);
    return `${ARROW[direction]}${state.padEnd(STATE_WIDTH[direction])} ${`${wanted}/${enforced}`.padStart(9)}`;
  };
  const rtt = rttOf(frame).padStart(8);
  return `${rtt} ${deltaOf(frame).padStart(6)} ms  ${DIRECTIONS.map(side).join("  ")}`;
}

function whys(frame: CycleFrame, before: CycleFrame | undefined): string[] {
  return DIRECTIONS.flatMap((direction) => {
    const { cause, why } = sideOf(frame, direction);
    return before !== undefined && sideOf(before, direction).cause === cause
      ? []
      : [`${ARROW[direction]} ${why}`];
  });
}

const pairs = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries(fields)
    .map(([key, value]) => ` ${key}=${plain(value)}`)
    .join("");

const plain = (value: unknown): string =>
  typeof value === "string" && /^[^\s"=]+$/.test(value)
    ? value
    : JSON.stringify(value);
