import { spawnSync } from "node:child_process";
import { eachDirection } from "../../shared/contract/direction.js";
import { Failure } from "../../shared/runtime/failure.js";
import {
  excerpt,
  type JsonFields,
  objectsIn,
  textIn,
  wholeIn,
} from "./answer.js";
import {
  type Device,
  type Host,
  leadsTo,
  parseHostDevice,
  type DesiredQueues,
} from "./parse.js";

/** Result of a command. */
interface Ran {
  readonly ok: boolean;
  readonly out: string;
  /** The last line of its stderr. */
  readonly complaint: string;
}

const DEADLINE_MS = 5_000;
const OUTPUT_BYTES = 16 * 2 ** 20;

/**
 * Runs a command to completion; its words are separated by single spaces.
 * @throws Failure if it cannot be started, times out, or prints too much
 */
export function runCommand(command: string): Ran {
  const [program = "", ...words] = command.split(" ");
  return ran(program, words);
}

function ran(program: string, words: readonly string[]): Ran {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: "utf8",
    timeout: DEADLINE_MS,
    maxBuffer: OUTPUT_BYTES,
    killSignal: "SIGKILL",
  });
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOENT")
    throw new Failure(
      `Cannot run '${program}': must be on the PATH: install ${PACKAGE[program] ?? program}`,
    );
  if (code === "ETIMEDOUT" || code === "ENOBUFS")
    throw new Failure(
      `Cannot run '${[program, ...words].join(" ")}': ${code === "ENOBUFS" ? `it prints more than ${OUTPUT_BYTES} bytes` : `it takes more than ${DEADLINE_MS} ms`}`,
    );
  // null if it could not be started
  const [said = "", printed = ""] = [stderr, stdout].map(
    (text: string | null) => text ?? "",
  );
  const complaint = said.trim().split("\n").at(-1) ?? "";
  return {
    ok: status === 0,
    out: printed,
    complaint: complaint || (code ?? `exit code ${status ?? "unknown"}`),
  };
}

/** Parses the output of a command with -j. @throws Failure naming the command */
export function objectsOf(command: string, out: string): readonly JsonFields[] {
  const objects = objectsIn(out);
  if (objects === null)
    throw new Failure(`Cannot read ${unreadIn(command, out)}`);
  return objects;
}

const unreadIn = (command: string, out: string): string =>
  `the answer to '${command}': must be JSON: got '${excerpt(out)}'`;

const PACKAGE: Readonly<Record<string, string>> = {
  tc: "iproute2",
  ip: "iproute2",
  unshare: "util-linux",
};

/** Reads the state of everything that the queues of one WAN depend on. Changes nothing. @throws Failure */
export function lookAtHost({ devices }: Pick<DesiredQueues, "devices">): Host {
  const unread: string[] = [];
  const { upload, download } = eachDirection((direction) =>
    lookAtDevice(devices[direction], unread),
  );
  return {
    has: capabilities(),
    masquerades: MASQUERADE.test(said("nft -j list ruleset")),
    devices: { upload, download },
    feeders:
      download?.isIfb === true ? feedersOf(download.name, devices.upload) : [],
    unread,
  };
}

/** @param unread collects the answers that were not valid JSON */
function lookAtDevice(name: string, unread: string[]): Device | null {
  const told = (command: string): string => {
    const answer = said(command);
    if (wholeIn(answer) === null) unread.push(unreadIn(command, answer));
    return answer;
  };
  const linkQuestion = `ip -j -d link show dev ${name}`;
  const link = said(linkQuestion);
  objectsOf(linkQuestion, link);
  return parseHostDevice({
    link,
    qdiscs: told(`tc -j -s qdisc show dev ${name}`),
    classes: said(`tc -j class show dev ${name}`),
    filters: told(`tc -j filter show dev ${name} parent ffff:`),
    features: said(`ethtool -k ${name}`),
  });
}

/** Other devices whose ingress is redirected to the ifb. */
function feedersOf(ifb: string, but: string): readonly string[] {
  const all = objectsIn(said("tc -j qdisc show")) ?? [];
  const names = all.flatMap((qdisc) => {
    const takesIngress = /^(ingress|clsact)$/.test(textIn(qdisc, "kind") ?? "");
    return takesIngress ? (textIn(qdisc, "dev") ?? []) : [];
  });
  return [...new Set(names)].filter(
    (name) =>
      name !== but &&
      leadsTo(said(`tc -j filter show dev ${name} ingress`), ifb),
  );
}

/** Rules of nftables, and of iptables-nft. */
const MASQUERADE = /"masquerade"|"snat"|"MASQUERADE"|"SNAT"/;

/** The output of a command; empty if it failed, or (except for tc and ip) is not installed. */
function said(question: string): string {
  try {
    const { ok, out } = runCommand(question);
    return ok ? out : "";
  } catch (error) {
    if (/^(tc|ip) /.test(question)) throw error;
    return "";
  }
}

/** Tried in a temporary network namespace; assumed to be present if that is not permitted. */
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
