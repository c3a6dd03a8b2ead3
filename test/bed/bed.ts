import { spawnSync } from "node:child_process";
import { kernelHas, type Shaping } from "./kernel.js";

/**
 * A command that shapes so, on a kernel that can: this host's, or for CAKE the one that the command in CAKE_BED runs
 * another command on. Null where there is neither. `env` carries settings over: a bed begins with a clean environment.
 */
export function onKernelWith(
  shaping: Shaping,
  command: readonly string[],
): string[] | null {
  const settings = [`E2E_SHAPING=${shaping}`];
  if (process.env["CI"] === "true") settings.push("CI=true");
  const here = ["env", ...settings, ...command];
  if (shaping === "htb" || kernelHas(shaping)) return here;
  const bed = (process.env["CAKE_BED"] ?? "").split(" ").filter(isWord);
  return bed.length === 0 ? null : [...bed, ...here];
}

/**
 * The line of JSON that this very program prints when it is run again with these arguments, on a kernel that shapes so:
 * a bed says things of its own, too. Undefined where there is no such kernel. @throws Error with all it said without one
 */
export function answerOnKernelWith(
  shaping: Shaping,
  args: readonly string[],
): unknown {
  const self = [process.execPath, process.argv[1] ?? "", ...args];
  const command = onKernelWith(shaping, self);
  if (command === null) return undefined;
  const [program = "", ...rest] = command;
  const { stdout } = spawnSync(program, rest, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const answer = stdout.split("\n").find((line) => /^(\{|\[\{)/.test(line));
  if (answer === undefined)
    throw new Error(`Cannot play with ${shaping}: ${stdout}`.trim());
  return JSON.parse(answer);
}

const isWord = (text: string): boolean => text !== "";
