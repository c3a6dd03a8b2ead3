/**
 * Runs the scenes on a kernel that fits: `net` shapes with HTB, which every kernel has; `cake` with CAKE, on this host's
 * kernel if it has it, else where CAKE_BED leads. Exit status is mocha's.
 */
import { spawnSync } from "node:child_process";
import { relative } from "node:path";
import { onKernelWith } from "./bed.js";
import type { Shaping } from "./kernel.js";

/** Relative: where it runs this folder may be another one. Nothing of .mocharc: its specs are those of `npm test`. */
const MOCHA = [
  process.execPath,
  "node_modules/mocha/bin/mocha.js",
  "--no-config",
  "--exit",
  "--forbid-only",
  process.stdout.isTTY ? "--color" : "--no-color",
  `${relative(process.cwd(), import.meta.dirname)}/*.test.js`,
];

const SHAPING_OF: Readonly<Record<string, Shaping>> = {
  net: "htb",
  cake: "cake",
};

function main(suite = ""): number {
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
  const [program = "", ...args] = command;
  const { status, error } = spawnSync(program, args, { stdio: "inherit" });
  if (error) console.error(`Cannot run '${program}': ${error.message}`);
  return status ?? 1;
}

process.exitCode = main(process.argv[2]);
