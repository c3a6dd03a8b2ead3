import { spawnSync } from "node:child_process";

/** Skips a test, loudly, on a machine that lacks a program; where CI=true that is a failure. */
export function needsProgram(test: Mocha.Context, name: string): void {
  if (spawnSync(name, ["--version"]).error === undefined) return;
  const words = `no '${name}' here: apt-get install prometheus`;
  if (process.env["CI"] === "true") throw new Error(words);
  console.error(`\n!!! SKIPPED: ${words}\n`);
  test.skip();
}
