import { spawnSync } from "node:child_process";
import { eachDirection } from "../../shared/direction.js";
import { Failure } from "../../shared/failure.js";
import type { Host, Wanted } from "./host.js";
import { parseDevice } from "./parse.js";

/** What became of a command. */
export interface Ran {
  readonly ok: boolean;
  readonly out: string;
  /** The last line of its complaint. */
  readonly complaint: string;
}

const DEADLINE_MS = 5_000;
const OUTPUT_BYTES = 16 * 2 ** 20;

/** Runs a command to its end; its words are separated by single spaces. @throws Failure where it cannot be run at all */
export function runCommand(command: string): Ran {
  const [program = "", ...words] = command.split(" ");
  return ran(program, words);
}

function ran(program: string, words: readonly string[]): Ran {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: "utf8",
    timeout: DEADLINE_MS,
    maxBuffer: OUTPUT_BYTES,
  });
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOENT")
    throw new Failure(
      `Cannot run '${program}': it must be on the PATH: install ${PACKAGE[program] ?? program}`,
    );
  const complaint = stderr.trim().split("\n").at(-1) ?? "";
  return {
    ok: status === 0,
    out: stdout,
    complaint: complaint || (code ?? `exit code ${status ?? "unknown"}`),
  };
}

const PACKAGE: Readonly<Record<string, string>> = {
  tc: "iproute2",
  ip: "iproute2",
  unshare: "util-linux",
};

/** What is there now, of all that one WAN's queues have to do with. Changes nothing. */
export function lookAtHost({ devices }: Pick<Wanted, "devices">): Host {
  return {
    has: capabilities(),
    masquerades: MASQUERADE.test(said("nft -j list ruleset")),
    devices: eachDirection((direction) => {
      const name = devices[direction];
      return parseDevice({
        link: said(`ip -j -d link show dev ${name}`),
        qdiscs: said(`tc -j -s qdisc show dev ${name}`),
        classes: said(`tc -j class show dev ${name}`),
        filters: said(`tc -j filter show dev ${name} parent ffff:`),
        features: said(`ethtool -k ${name}`),
      });
    }),
  };
}

/** Rules of nftables, and those of iptables in its clothes. */
const MASQUERADE = /"masquerade"|"snat"|"MASQUERADE"|"SNAT"/;

/** What a question was answered with: nothing where it could not be, be it that the program is not installed. */
function said(question: string): string {
  try {
    const { ok, out } = runCommand(question);
    return ok ? out : "";
  } catch (error) {
    if (/^(tc|ip) /.test(question)) throw error;
    return "";
  }
}

/** Tried in a network namespace that is gone at once; who may not make one is given the benefit of the doubt. */
function capabilities(): Host["has"] {
  const can = (script: string) =>
    ran("unshare", ["--net", "sh", "-c", script]).ok;
  if (!can("true")) return { cake: true, matchall: true };
  return {
    cake: can("tc qdisc add dev lo root cake"),
    matchall: can(
      "tc qdisc add dev lo ingress && tc filter add dev lo parent ffff: protocol all matchall action mirred egress redirect dev lo",
    ),
  };
}
