import { readFileSync } from "node:fs";
import type { FaultKind } from "../../../shared/contract/router-call.js";
import {
  type Clock,
  later,
  type MonoMs,
} from "../../../shared/runtime/clock.js";
import { Failure, plainReason } from "../../../shared/runtime/failure.js";
import { countedSession, openRouterCalls } from "../calls.js";
import type { Outcome } from "../shaper.js";
import type {
  RestWay,
  RouterOsAccess,
  RouterOsConfig,
  SshWay,
} from "./config.js";
import { openRest, type Trust } from "./rest.js";
import { demandPrivateKey, readSecret } from "./secret.js";
import type { Session } from "./session.js";
import { openSsh } from "./ssh.js";

/** Delay before the first transport is tried again; doubles with each failure, up to the maximum. */
const AGAIN_MS = 30_000;
const AGAIN_MAX_MS = 300_000;

/** Faults that the other transport may avoid. A refusal by the router would be the same there. */
const FALLS_OVER: readonly FaultKind[] = [
  ...(["unreachable", "timeout", "untrusted"] as const),
  ...(["unauthorized", "busy"] as const),
];

/** Uses the first transport while it works, otherwise the second, and retries the first from time to time. */
export function openFallback(
  first: Session,
  second: Session,
  clock: Clock,
): Session {
  let againAt = clock.mono();
  let waitMs = AGAIN_MS;
  let latest = first;

  async function run<T>(
    operate: (session: Session) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    const askedAt = clock.mono();
    if (askedAt >= againAt) {
      const outcome = await operate(first);
      latest = first;
      if (outcome.kind === "done" || !FALLS_OVER.includes(outcome.fault)) {
        waitMs = AGAIN_MS;
        return outcome;
      }
      // concurrent operations that fail together count as one failure
      if (askedAt >= againAt) {
        againAt = later<MonoMs>(clock.mono(), waitMs);
        waitMs = Math.min(2 * waitMs, AGAIN_MAX_MS);
      }
    }
    latest = second;
    const outcome = await operate(second);
    // both failed: the router itself is down, not the transport
    if (outcome.kind === "failed" && FALLS_OVER.includes(outcome.fault)) {
      againAt = clock.mono();
      waitMs = AGAIN_MS;
    }
    return outcome;
  }

  return {
    get transport() {
      return latest.transport;
    },
    list: (menu, where) => run((session) => session.list(menu, where)),
    set: (menu, id, values) => run((session) => session.set(menu, id, values)),
    async [Symbol.asyncDispose]() {
      await Promise.all(
        [first, second].map((one) => one[Symbol.asyncDispose]()),
      );
    },
  };
}

/**
 * Deadline of an operation, ms; beyond it the operation and its connection are given up. An idle router takes 50 ms
 * over REST and 150 ms over SSH, where the first operation includes the key exchange and up to three wait for each
 * other. Not below 1.5 s over SSH: a lost SYN is retransmitted after 1 s.
 */
const DEADLINES_MS: Readonly<Record<RouterOsAccess["transport"], number>> = {
  rest: 1_200,
  ssh: 2_000,
};

/** Opens the transports to a router; nothing is sent yet. @throws Failure when a file or secret cannot be read */
export function openSession(
  config: RouterOsConfig,
  clock: Clock,
  calls = openRouterCalls(),
  deadlinesMs = DEADLINES_MS,
): Session {
  const open = (way: RouterOsAccess) =>
    countedSession(openWay(config, way, deadlinesMs[way.transport]), calls);
  const [first, second] = config.ways;
  const opened = open(first);
  return second === undefined
    ? opened
    : openFallback(opened, open(second), clock);
}

const openWay = (
  config: RouterOsConfig,
  way: RouterOsAccess,
  deadlineMs: number,
): Session =>
  way.transport === "rest"
    ? overRest(config, way, deadlineMs)
    : overSsh(config, way, deadlineMs);

function overRest(
  { host, user }: RouterOsConfig,
  way: RestWay,
  deadlineMs: number,
): Session {
  return openRest({
    ...{ host, port: way.port, user },
    trust: trustOf(way),
    password: () => readSecret(way.secret),
    deadlineMs,
  });
}

function overSsh(
  { host, user }: RouterOsConfig,
  way: SshWay,
  deadlineMs: number,
): Session {
  const { port, keyFile, knownHostsFile } = way;
  demandPrivateKey(keyFile);
  textIn("known_hosts_file", knownHostsFile);
  return openSsh({
    ...{ host, port, user, keyFile, knownHostsFile },
    deadlineMs,
  });
}

function trustOf({ isPlain, caFile, fingerprint }: RestWay): Trust | null {
  if (isPlain) return null;
  if (fingerprint !== null) return { kind: "pinned", sha256: fingerprint };
  return caFile === null
    ? { kind: "system" }
    : { kind: "ca", pem: textIn("ca_file", caFile) };
}

function textIn(key: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`Cannot read ${key} '${file}': ${plainReason(error)}`);
  }
}
