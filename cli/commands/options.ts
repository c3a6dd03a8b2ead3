import { InvalidArgumentError } from "commander";

/** Shared by the options of several commands. */

export const RUN_DIR =
  "folder of the sockets (default: $WANCTL_RUN, else /run/wanctl)";

/** Examples, a line each, for the end of a command's help. */
export const example = (...lines: readonly string[]): string =>
  `\nExample:\n${lines.map((line) => `  ${line}\n`).join("")}`;

/** For an option that may be given several times. */
export const collect = (
  value: string,
  before: readonly string[] = [],
): string[] => [...before, value];

/** @throws InvalidArgumentError for anything but a number above 0, at most 1000000 */
export function positive(text: string): number {
  const n = Number(text);
  if (!(n > 0 && n <= 1e6))
    throw new InvalidArgumentError(
      "Must be a number above 0, at most 1000000.",
    );
  return n;
}
