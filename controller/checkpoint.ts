import { shownRestlessness } from "./law/restlessness.js";
import { readFileSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { eachDirection } from "../shared/contract/direction.js";
import { WAN_NAME } from "../shared/contract/frame.js";
import { clamp, DAY_MS, MINUTE_MS } from "../shared/contract/units.js";
import {
  type Clock,
  later,
  msSince,
  type WallMs,
} from "../shared/runtime/clock.js";
import { reasonOf } from "../shared/runtime/failure.js";
import { makeFolder, replaceFile } from "../shared/runtime/files.js";
import { openOutage, type Report } from "../shared/runtime/outage.js";
import { type ControlState, type Known, NOTHING_KNOWN } from "./law/control.js";
import type { Policy } from "./law/inputs.js";
import { ratesOf } from "./law/rate-state.js";

const VERSION = 1;

/** Shortest time between writes, ms, to spare flash storage (CTRL-06). */
const EVERY_MS = 5_000;

/** Rates older than this, ms, are not used (CTRL-07); baselines and restlessness are true for much longer. */
const RATES_MAX_AGE_MS = MINUTE_MS;
const LINE_MAX_AGE_MS = DAY_MS;

/** Longest baseline, ms; a longer one is not saved, and makes a file invalid. */
const BASELINE_MAX_MS = 10_000;

const RATIO = Type.Number({ minimum: 0, maximum: 1 });

const FILE = Type.Object(
  {
    version: Type.Literal(VERSION),
    wan: Type.String({ pattern: WAN_NAME.source }),
    /** The line it was learned on: its devices and source address. */
    line: Type.String(),
    at_ms: Type.Integer({ minimum: 0 }),
    /** By reflector. */
    baselines_ms: Type.Record(
      Type.String(),
      Type.Number({ exclusiveMinimum: 0, maximum: BASELINE_MAX_MS }),
    ),
    rates_bps: Type.Object({
      download: Type.Integer({ minimum: 1 }),
      upload: Type.Integer({ minimum: 1 }),
    }),
    /** Not in files of wanctl 2.0.0. */
    restlessness: Type.Optional(
      Type.Object({ download: RATIO, upload: RATIO }),
    ),
  },
  { additionalProperties: false },
);
type File = Static<typeof FILE>;
const IS_FILE = TypeCompiler.Compile(FILE);

/** The line the state belongs to, and the limits it is clamped to. */
export interface CheckpointOf {
  readonly wan: string;
  readonly line: string;
  readonly reflectors: readonly string[];
  readonly policy: Policy;
}

/** Saves what the controller has learned in a small file for its next run (CTRL-06). */
export interface Checkpoint {
  /** What the file held, as far as it is still valid. */
  readonly known: Known;
  /** Called every cycle; writes in the background, at most every 5 s. Never throws. */
  offer(state: ControlState): void;
  /** Writes a last time. */
  close(): Promise<void>;
  view(): CheckpointView | null;
}

interface CheckpointView {
  readonly file: string;
  /** Null before the first write. */
  readonly savedAgeMs: number | null;
  /** Why it cannot be written; null if it can. */
  readonly error: string | null;
}

/** Neither reads nor saves: for lines that start afresh with each run. */
export const NO_CHECKPOINT: Checkpoint = {
  known: NOTHING_KNOWN,
  offer: () => undefined,
  close: () => Promise.resolve(),
  view: () => null,
};

/**
 * Reads the file and keeps it up to date. An invalid file is renamed to `FILE.corrupt`; one that is too old or of
 * another line is ignored and overwritten. Without a writable folder the controller runs without a checkpoint.
 */
export function openCheckpoint(
  file: string,
  of: CheckpointOf,
  clock: Clock,
  report: Report,
): Checkpoint {
  let written: { readonly text: string; readonly at: WallMs } | null = null;
  let nextAt = clock.mono();
  let latest: ControlState | null = null;
  let writing: Promise<void> | null = null;
  const outage = openOutage("checkpoint_lost", clock, report);

  function read(): Known {
    let text: string;
    try {
      makeFolder(dirname(file));
      text = readFileSync(file, "utf8");
    } catch (problem) {
      if ((problem as NodeJS.ErrnoException).code !== "ENOENT")
        refuse(reasonOf(problem));
      return NOTHING_KNOWN;
    }
    const found = parse(text);
    if (found !== null) return knownFrom(found, of, clock.wall());
    try {
      renameSync(file, `${file}.corrupt`);
      report("checkpoint_refused", { file, kept_as: `${file}.corrupt` });
    } catch (problem) {
      refuse(reasonOf(problem));
    }
    return NOTHING_KNOWN;
  }

  const refuse = (why: string) => outage.begin(why, { file, why });

  async function write(state: ControlState): Promise<void> {
    const at = clock.wall();
    const learned = fileOf(state, of, at);
    const text = JSON.stringify({ ...learned, at_ms: 0 });
    // unchanged content is rewritten before it becomes too old to be used
    if (
      text === written?.text &&
      Math.abs(at - written.at) < RATES_MAX_AGE_MS / 2
    )
      return;
    try {
      await replaceFile(file, `${JSON.stringify(learned)}\n`);
      written = { text, at };
      outage.end({ file });
    } catch (problem) {
      refuse(reasonOf(problem));
    }
  }

  function save(state: ControlState): Promise<void> {
    const running = write(state).finally(() => (writing = null));
    writing = running;
    return running;
  }

  return {
    known: read(),
    offer(state) {
      latest = state;
      if (writing !== null || msSince(nextAt, clock.mono()) < 0) return;
      nextAt = later(clock.mono(), EVERY_MS);
      void save(state);
    },
    async close() {
      await writing;
      if (latest !== null) await save(latest);
    },
    view: () => ({
      file,
      savedAgeMs: written === null ? null : clock.wall() - written.at,
      error: outage.why(),
    }),
  };
}

function parse(text: string): File | null {
  try {
    const value: unknown = JSON.parse(text);
    return IS_FILE.Check(value) ? value : null;
  } catch {
    return null;
  }
}

function fileOf(
  { estimate, rate }: ControlState,
  { wan, line, reflectors }: CheckpointOf,
  at: WallMs,
): File {
  const rates = ratesOf(rate);
  return {
    version: VERSION,
    wan,
    line,
    at_ms: at,
    baselines_ms: Object.fromEntries(
      reflectors.flatMap((reflector, index) => {
        const ms = estimate.baselines[index]?.ms ?? 0;
        return ms > 0 && ms <= BASELINE_MAX_MS
          ? [[reflector, Math.round(ms * 10) / 10 || 0.1]]
          : [];
      }),
    ),
    rates_bps: eachDirection((direction) => Math.round(rates[direction])),
    restlessness: eachDirection((direction) =>
      shownRestlessness(rate[direction].restlessness),
    ),
  };
}

/** The valid part of a file, clamped: nothing if it is of another line or from the future, each part until too old. */
function knownFrom(
  { wan, line, at_ms, baselines_ms, rates_bps, restlessness }: File,
  of: CheckpointOf,
  now: WallMs,
): Known {
  const ageMs = now - at_ms;
  if (wan !== of.wan || line !== of.line || ageMs < 0) return NOTHING_KNOWN;
  const { limits } = of.policy;
  return {
    baselinesMs:
      ageMs <= LINE_MAX_AGE_MS
        ? of.reflectors.map((reflector) => baselines_ms[reflector] ?? null)
        : [],
    rateBps:
      ageMs <= RATES_MAX_AGE_MS
        ? eachDirection((direction) =>
            clamp(
              rates_bps[direction],
              limits[direction].floorBps,
              limits[direction].ceilingBps,
            ),
          )
        : null,
    restless: (ageMs <= LINE_MAX_AGE_MS && restlessness) || null,
  };
}
