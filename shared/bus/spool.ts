import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { type Static, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { WAN_NAME } from "../contract/frame.js";
import { replaceFile } from "../runtime/files.js";
import type { Ring } from "./ring.js";
import { BOOT } from "./sync.js";

/** What no recorder had of a run when that ended: its newest frames as bytes, the first of them and all that follow. */
export interface Spool {
  readonly boot: string;
  readonly first: number;
  readonly frames: readonly Buffer[];
}

/** As many runs as fit into a hello beside the present one, and more than anybody starts while a recorder is away. */
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
 * Leaves them in a file for the next run of the source to offer; nothing is left where there are none. What is newest
 * comes first, and what does not fit is lost.
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

/** What earlier runs of the source left. A file that is none, or cannot be read, leaves nothing. */
export function readSpool(file: string, source: string): Spool[] {
  try {
    return parse(readFileSync(file), source);
  } catch {
    return [];
  }
}

/** A recorder has them all. Where the file cannot be deleted they are offered once more, and are duplicates. */
export const deleteSpool = (file: string): Promise<void> =>
  rm(file, { force: true }).catch(() => undefined);

/** A ring that is no longer written to, to be offered like a live one. */
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

/** Of each run, the newest run first, the newest frames that fit. */
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
