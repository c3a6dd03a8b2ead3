import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { text } from "node:stream/consumers";
import { onKernelWith } from "../bed/bed.js";
import type { Shaping } from "../bed/kernel.js";

/**
 * Runs the scenes on a kernel that fits: `net` shapes with HTB, which every kernel has; `cake` with CAKE, on this host's
 * kernel if it has it, else where CAKE_BED leads. Exit status is mocha's.
 */

/** Relative: where it runs this folder may be another one. Nothing of .mocharc: its specs are those of `npm test`. */
const MOCHA = [
  process.execPath,
  "node_modules/mocha/bin/mocha.js",
  "--no-config",
  "--exit",
  "--forbid-only",
  process.stdout.isTTY ? "--color" : "--no-color",
];

const FILES = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".test.js"))
  .map((name) => relative(process.cwd(), join(import.meta.dirname, name)));

const SHAPING_OF: Readonly<Record<string, Shaping>> = {
  net: "htb",
  cake: "cake",
};

async function main(suite = ""): Promise<number> {
  const shaping = SHAPING_OF[suite];
  if (shaping === undefined) {
    console.error(`Cannot run '${suite}': must be one of net, cake`);
    return 2;
  }
  const command = onKernelWith(shaping, MOCHA);
  if (command === null) {
    console.error(
      "\n!!! SKIPPED, ALL OF IT: no CAKE in this kernel, and CAKE_BED names no command that runs another one\n",
    );
    return process.env["CI"] === "true" ? 1 : 0;
  }
  return everyFile(command);
}

/** A line for each file, on a kernel of its own or on this one, as many at a time as there are processors. */
async function everyFile(command: readonly string[]): Promise<number> {
  const [program = "", ...args] = command;
  const left = [...FILES];
  let worst = 0;
  const work = async (line: number) => {
    for (let file = left.shift(); file !== undefined; file = left.shift()) {
      const child = spawn(program, [...args, file], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, E2E_LINE: `line${line}` },
      });
      const closed = once(child, "close") as Promise<[number | null]>;
      const said = await text(child.stdout);
      const [status] = await closed;
      process.stdout.write(said);
      worst = Math.max(worst, status ?? 1);
    }
  };
  const lines = Array.from({ length: availableParallelism() }, (_, i) => i);
  await Promise.all(lines.map(work));
  return worst;
}

process.exitCode = await main(process.argv[2]);
