import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { openTargets } from "../fakes/fuzz.js";

/** fuzz.js SECONDS SEED: spoilt inputs to everything that reads from outside, so long for each; prints what broke. */
const [seconds = 10, seed = 1] = process.argv.slice(2).map(Number);

const folder = mkdtempSync(join(tmpdir(), "wanctl-fuzz-"));
const opened = await openTargets(folder);
let findings = 0;
for (const { name, property } of opened.targets) {
  const begun = performance.now();
  const { numRuns, failed, counterexample, errorInstance } = await fc.check(
    property,
    {
      seed,
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: seconds * 1e3,
    },
  );
  const took = ((performance.now() - begun) / 1e3).toFixed(1);
  console.log(
    `${name.padEnd(32)} ${String(numRuns).padStart(9)} inputs ${took.padStart(7)} s  ${failed ? "BROKE" : "held"}`,
  );
  if (!failed) continue;
  findings++;
  console.log(JSON.stringify(counterexample), String(errorInstance));
}
await opened[Symbol.asyncDispose]();
rmSync(folder, { recursive: true });
process.exitCode = findings === 0 ? 0 : 1;
