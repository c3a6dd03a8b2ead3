import { spawnSync } from "node:child_process";
import { ownName } from "../../controller/probes/libc.js";
import { Failure, plainReason } from "../../shared/runtime/failure.js";

/** How a reflector answered: the RTT of each answer, none where it did not. */
export interface Reached {
  readonly reflector: string;
  readonly rttsMs: readonly number[];
}

/** Which way the probes leave. */
interface Way {
  readonly source: string | null;
  readonly interface: string | null;
}

export const PROBES = 5;
const SPACING_MS = 200;
const DEADLINE_MS = 15_000;

/** Pings them all at once, `PROBES` times. @throws Failure where fping cannot be run */
export function reach(reflectors: readonly string[], way: Way): Reached[] {
  const { stderr, error } = spawnSync(
    "fping",
    [
      ...["-q", "-C", String(PROBES), "-p", String(SPACING_MS)],
      ...(way.source === null ? [] : ["-S", way.source]),
      ...(way.interface === null ? [] : ["-I", ownName(way.interface)]),
      ...reflectors,
    ],
    { encoding: "utf8", timeout: DEADLINE_MS },
  );
  if (error !== undefined)
    throw new Failure(
      (error as NodeJS.ErrnoException).code === "ENOENT"
        ? "Cannot ping the reflectors: fping must be on the PATH: install fping"
        : `Cannot ping the reflectors: fping: ${plainReason(error)}`,
    );
  const answered = parseReached(stderr);
  if (answered.length === 0)
    throw new Failure(
      `Cannot ping the reflectors: ${stderr.trim().split("\n")[0] ?? ""}`,
    );
  return reflectors.map(
    (reflector) =>
      answered.find((one) => one.reflector === reflector) ?? {
        reflector,
        rttsMs: [],
      },
  );
}

/** Lines of `fping -q -C`: `1.1.1.1 : 9.87 - 10.2`, where a dash is no answer. */
export const parseReached = (text: string): Reached[] =>
  text.split("\n").flatMap((line) => {
    const [, reflector, rtts] =
      /^(\S+) +:((?: +(?:-|\d+(?:\.\d+)?))+)$/.exec(line) ?? [];
    if (reflector === undefined || rtts === undefined) return [];
    const words = rtts.trim().split(/ +/);
    return [
      { reflector, rttsMs: words.filter((word) => word !== "-").map(Number) },
    ];
  });

/** The least RTT: the way without a queue on it. */
export const leastMs = ({ rttsMs }: Reached): number | null =>
  rttsMs.length === 0 ? null : Math.min(...rttsMs);
