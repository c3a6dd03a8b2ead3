import { readFileSync } from "node:fs";
import type { Trust } from "../../shared/routeros/agent.js";
import { openFallback } from "../../shared/routeros/fallback.js";
import { openRest } from "../../shared/routeros/rest.js";
import { demandPrivateKey, readSecret } from "../../shared/routeros/secret.js";
import type { Session } from "../../shared/routeros/session.js";
import { openSsh } from "../../shared/routeros/ssh.js";
import type { Clock } from "../../shared/runtime/clock.js";
import { Failure, plainReason } from "../../shared/runtime/failure.js";
import type {
  RestWay,
  RouterOsConfig,
  SshWay,
  Way,
} from "../routeros-config.js";
import { countedSession, openRouterCalls } from "./router-calls.js";

/**
 * An operation that takes longer, in ms, is given up, and the connection with it. Over REST an idle router takes 50 ms. Over
 * SSH it takes 150, the first one its key exchange too, and three may wait for each other; not less than one and a half
 * seconds either: what was lost of a connection's first packet is sent again after one.
 */
const DEADLINES_MS: Readonly<Record<Way["transport"], number>> = {
  rest: 1_200,
  ssh: 2_000,
};

/** Opens the ways to a router; nothing is sent yet. @throws Failure when a file or secret cannot be read */
export function openSession(
  config: RouterOsConfig,
  clock: Clock,
  calls = openRouterCalls(),
  deadlinesMs = DEADLINES_MS,
): Session {
  const open = (way: Way) =>
    countedSession(openWay(config, way, deadlinesMs[way.transport]), calls);
  const [first, second] = config.ways;
  const opened = open(first);
  return second === undefined
    ? opened
    : openFallback(opened, open(second), clock);
}

const openWay = (
  config: RouterOsConfig,
  way: Way,
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
