import { once } from "node:events";
import type { Command } from "commander";
import {
  type CycleFrame,
  type Frame,
  type Kind,
  KINDS,
  WAN_NAME,
} from "../../shared/contract/frame.js";
import { Failure } from "../../shared/runtime/failure.js";
import {
  type RunFolder,
  runFolder,
  wansIn,
} from "../../shared/runtime/paths.js";
import { stopSignal } from "../../shared/runtime/stop.js";
import { frameLines } from "../live/frame-lines.js";
import { listen } from "../live/listener.js";
import { timeOfDay } from "../terminal.js";
import { collect, example, RUN_DIR } from "./options.js";

export function declare(command: Command): void {
  command
    .option("--wan <name>", "only this WAN (repeatable)", collect)
    .option(
      "--kind <kind>",
      "only cycle, transition, event, config or sample (repeatable)",
      collect,
    )
    .option("--json", "one JSON object per line and frame")
    .option("--run-dir <dir>", RUN_DIR)
    .addHelpText(
      "after",
      example("wanctl tap --wan spectrum --kind transition --kind event"),
    )
    .action((options: TapOptions & { runDir?: string }) =>
      tap(options, runFolder(options.runDir)),
    );
}

export interface TapOptions {
  /** Only these WANs; all if empty. */
  readonly wan?: readonly string[];
  readonly kind?: readonly string[];
  readonly json?: boolean;
}

/** ms without a frame after which a note is printed. */
const SILENCE_MS = 1000;

/** Prints frames live, until a signal. @throws Failure for an unknown kind or an invalid name */
export async function tap(
  { wan: wans = [], kind: kinds = [], json = false }: TapOptions,
  run: RunFolder,
): Promise<void> {
  for (const kind of kinds)
    if (!KINDS.includes(kind as Kind))
      throw new Failure(
        `Cannot tap kind '${kind}': must be one of ${KINDS.join(", ")}`,
      );
  for (const wan of wans)
    if (!WAN_NAME.test(wan))
      throw new Failure(
        `Cannot tap WAN '${wan}': must be the name of a WAN, like spectrum`,
      );
  const stop = stopSignal();
  using silence = saidAfter(SILENCE_MS, () => say(waiting(wans, run)));
  let refused = 0;
  const refuse = (reason: string) => {
    if (refused++ === 0) say(`${reason}: further ones are counted only`);
  };
  const show = json ? asJson : forPeople();
  for await (const frame of listen(run, { wans, refuse }, stop)) {
    silence[Symbol.dispose]();
    const wanted = kinds.length === 0 || kinds.includes(frame.kind);
    for (const line of show(frame, wanted)) await print(line, stop);
  }
  if (refused > 0) say(`${refused} messages were refused`);
}

function saidAfter(ms: number, work: () => void): Disposable {
  const timer = setTimeout(work, ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

const say = (words: string): void =>
  void process.stderr.write(`wanctl: ${words}\n`);

function waiting(wans: readonly string[], run: RunFolder): string {
  const there = wansIn(run);
  const missing = wans.filter((wan) => !there.includes(wan));
  if (there.length === 0) return `no controller in '${run.root}': waiting`;
  return missing.length > 0
    ? `no controller '${missing.join("', '")}' in '${run.root}', found: ${there.join(", ")}: waiting`
    : `no frames from ${there.join(", ")} in '${run.root}': waiting`;
}

/** Waits for a slow terminal; meanwhile frames are dropped, not queued without limit. */
async function print(line: string, stop: AbortSignal): Promise<void> {
  if (process.stdout.write(`${line}\n`)) return;
  await once(process.stdout, "drain", { signal: stop }).catch(() => undefined);
}

type Show = (frame: Frame, wanted: boolean) => readonly string[];

const asJson: Show = (frame, wanted) => (wanted ? [JSON.stringify(frame)] : []);

/** Lines for people. Remembers each source's last frame and cycle, to show changes and missing frames. */
function forPeople(): Show {
  const frames = new Map<string, Frame>();
  const cycles = new Map<string, CycleFrame>();
  return (frame, wanted) => {
    const { source, boot, seq } = frame;
    const last = frames.get(source);
    const before = cycles.get(source);
    const missed = last?.boot === boot ? seq - last.seq - 1 : 0;
    frames.set(source, frame);
    if (frame.kind === "cycle") cycles.set(source, frame);
    const gap = `${timeOfDay(frame.at)} ${source.padEnd(8)} ${missed} frames not shown`;
    return [
      ...(missed > 0 ? [gap] : []),
      ...(wanted ? frameLines(frame, before) : []),
    ];
  };
}
