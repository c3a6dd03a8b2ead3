/** Runs the scenes of the page in the Chromium of this machine. Exit status is mocha's. */
import { spawnSync } from "node:child_process";
import { chromiumPath } from "./browser.js";

const MOCHA = [
  "node_modules/mocha/bin/mocha.js",
  "--no-config",
  "--exit",
  "--forbid-only",
  "--timeout=180000",
  process.stdout.isTTY ? "--color" : "--no-color",
  `${import.meta.dirname}/*.test.js`,
];

function main(): number {
  if (chromiumPath() === null) {
    console.error(
      "\n!!! SKIPPED, ALL OF IT: no Chromium here: apt-get install chromium\n",
    );
    return process.env["CI"] === "true" ? 1 : 0;
  }
  const { status } = spawnSync(process.execPath, MOCHA, { stdio: "inherit" });
  return status ?? 1;
}

process.exitCode = main();
