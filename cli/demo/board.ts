import type { CycleFrame, Frame } from "../../shared/contract/frame.js";
import {
  deltaOf,
  frameLines,
  rttOf,
  type Side,
  sideOf,
} from "../live/frame-lines.js";
import { clip, COLUMNS } from "../terminal.js";

/** The demo's display: events, and below them the present state of each line. */
interface Board {
  hear(frame: Frame): void;
  /** Once a second. */
  update(): void;
}

/** The output of a board. */
interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** On a terminal the state is rewritten in place at each update; elsewhere it is printed every fifth one. */
const UPDATES_PER_PRINT = 5;

export function openBoard(screen: Screen): Board {
  const inPlace = screen.isTTY === true;
  const latest = new Map<string, CycleFrame | null>();
  let present: readonly string[] = [];
  let updates = 0;

  const wipe = () =>
    inPlace && present.length > 0 ? `\x1b[${present.length}A\x1b[J` : "";
  // a wrapped line would take two rows, and wiping would miss one
  const width = () => Math.min(COLUMNS, screen.columns ?? COLUMNS);
  const text = (lines: readonly string[]) =>
    lines.map((line) => `${clip(line, width())}\n`).join("");

  return {
    hear(frame) {
      if (frame.kind === "cycle") latest.set(frame.source, frame);
      if (frame.kind !== "event") return;
      const past = text(frameLines(frame, undefined));
      screen.write(wipe() + past + (inPlace ? text(present) : ""));
    },
    update() {
      if (latest.size === 0) return;
      if (!inPlace && updates++ % UPDATES_PER_PRINT !== 0) return;
      const wans = [...latest].sort(([a], [b]) => (a < b ? -1 : 1));
      const lines = wans.flatMap(([wan, frame]) => wanLines(wan, frame));
      screen.write(wipe() + text(lines));
      present = lines;
      for (const [wan] of wans) latest.set(wan, null);
    },
  };
}

/** State of download and upload, RTT and delta, load/wanted; below, the causes. `frame` is null if none arrived. */
export function wanLines(wan: string, frame: CycleFrame | null): string[] {
  if (frame === null) return [`${wan.padEnd(8)}  no frame received`, ""];
  const down = sideOf(frame, "download");
  const up = sideOf(frame, "upload");
  const states = `${down.state}/${up.state}`.padEnd(15);
  const rtt = `${rttOf(frame)} ms`.padStart(9);
  const delta = deltaOf(frame).padStart(6);
  const rates = ({ load, wanted }: Side) => `${load}/${wanted}`.padStart(9);
  return [
    `${wan.padEnd(8)}  ${states} ${rtt} ${delta}  ↓${rates(down)}  ↑${rates(up)} Mbit/s`,
    `${" ".repeat(10)}↓ ${down.why}  ↑ ${up.why}`,
  ];
}
