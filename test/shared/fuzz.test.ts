import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { openTargets } from "../fakes/fuzz.js";

/** For longer: node dist/test/acceptance/fuzz.js SECONDS SEED */
const RUNS = 300;

const folder = mkdtempSync(join(tmpdir(), "wanctl-fuzz-"));
const opened = await openTargets(folder);

describe("whatever comes from outside is read or refused, and nothing else happens", () => {
  after(async () => {
    await opened[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  for (const { name, property } of opened.targets)
    it(name, () => fc.assert(property, { numRuns: RUNS }));
});
