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

const isWord = (text: string): boolean => text !== "";
