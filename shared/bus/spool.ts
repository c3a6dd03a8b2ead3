import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { type Static, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { WAN_NAME } from "../contract/frame.js";
import { replaceFile } from "../runtime/files.js";
import type { Ring } from "./ring.js";
import { BOOT } from "./sync.js";

/** Frames of a run that were not committed when it ended, encoded, in order; `first` is the seq of the first. */
export interface Spool {
  readonly boot: string;
  readonly first: number;
  readonly frames: readonly Buffer[];
}

/** Runs kept, newest first; older ones are dropped. With the present run they fit into one hello (16 runs). */
const RUNS_MAX = 8;

const HEAD = Type.Object(
  {
    version: Type.Literal(1),
    source: Type.String({ pattern: WAN_NAME.source }),
    runs: Type.Array(
      Type.Object(
        {
          boot: BOOT,
          first: Type.Integer({ minimum: 1 }),
          lengths: Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1 }),
        },
        { additionalProperties: false },
      ),
      { maxItems: RUNS_MAX },
    ),
  },
  { additionalProperties: false },
);
type Head = Static<typeof HEAD>;
const IS_HEAD = TypeCompiler.Compile(HEAD);

/**
 * Writes the frames to a file for the source's next run to offer; no file if there are none. The newest frames that fit
 * into `megabytes` are kept, the others are lost.
 *
 *     file:  {"version":1,"source":"att","runs":[{"boot":"..","first":7,"lengths":[512,498]},..]}\n [ 7 ][ 8 ] ...
 */
export async function writeSpool(
  file: string,
  source: string,
  spools: readonly Spool[],
  megabytes: number,
): Promise<void> {
  const kept = newest(spools, megabytes * 2 ** 20).slice(0, RUNS_MAX);
  if (kept.length === 0) return;
  const head: Head = {
    version: 1,
    source,
    runs: kept.map(({ boot, first, frames }) => ({
      ...{ boot, first },
      lengths: frames.map((frame) => frame.length),
    })),
  };
  const frames = kept.flatMap((each) => each.frames);
  const line = Buffer.from(`${JSON.stringify(head)}\n`);
  await replaceFile(file, Buffer.concat([line, ...frames]));
}

/** Frames left by earlier runs of the source; empty if the file is missing, unreadable or invalid. */
export function readSpool(file: string, source: string): Spool[] {
  try {
    return parse(readFileSync(file), source);
  } catch {
    return [];
  }
}

/** Once all is committed. If the file cannot be deleted its frames are offered again, and dropped as duplicates. */
export const deleteSpool = (file: string): Promise<void> =>
  rm(file, { force: true }).catch(() => undefined);

/** A read-only ring over a spool, offered like a live one. */
export const ringFromSpool = ({
  first,
  frames,
}: Spool): Pick<Ring, "held" | "slice"> => ({
  held: () => ({ first, last: first + frames.length - 1 }),
  slice: (from, to) =>
    frames.slice(Math.max(0, from - first), Math.max(0, to - first + 1)),
});

function parse(bytes: Buffer, source: string): Spool[] {
  const headEnd = bytes.indexOf("\n");
  const head: unknown = JSON.parse(bytes.toString("utf8", 0, headEnd));
  if (!IS_HEAD.Check(head) || head.source !== source) return [];
  let at = headEnd + 1;
  const cut = (length: number) => bytes.subarray(at, (at += length));
  const runs = head.runs.map(({ boot, first, lengths }) => ({
    ...{ boot, first },
    frames: lengths.map(cut),
  }));
  return at === bytes.length ? runs : [];
}

/** The newest frames that fit, newest run first. */
function newest(spools: readonly Spool[], bytes: number): Spool[] {
  let left = bytes;
  return spools.flatMap(({ boot, first, frames }) => {
    const over = frames.findLastIndex(({ length }) => (left -= length) < 0);
    const kept = frames.slice(over + 1);
    return kept.length === 0
      ? []
      : [{ boot, first: first + over + 1, frames: kept }];
  });
}
