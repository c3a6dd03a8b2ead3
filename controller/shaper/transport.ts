import { readFileSync } from "node:fs";
import type { Clock } from "../../shared/clock.js";
import { Failure, reasonOf } from "../../shared/failure.js";
import type { Trust } from "../../shared/routeros/agent.js";
import { openFallback } from "../../shared/routeros/fallback.js";
import { openRest } from "../../shared/routeros/rest.js";
import { demandPrivateKey, readSecret } from "../../shared/routeros/secret.js";
import type { Session } from "../../shared/routeros/session.js";
import { openSsh } from "../../shared/routeros/ssh.js";
import type {
  RestWay,
  RouterOsConfig,
  SshWay,
  Way,
} from "../routeros-config.js";
import { countedSession, openRouterCalls } from "./router-calls.js";

/** An operation on an idle router takes 50 ms; one that takes so long is given up, and the connection with it. */
const REST_DEADLINE_MS = 1_200;

/**
 * An operation takes a router 150 ms over SSH, the first one its key exchange too, and three may wait for each other. Not
 * less than one and a half seconds either: what was lost of a connection's first packet is sent again after one.
 */
const SSH_DEADLINE_MS = 2_000;

/** Opens the ways to a router; nothing is sent yet. @throws Failure when a file or secret cannot be read */
export function openSession(
  config: RouterOsConfig,
  clock: Clock,
  calls = openRouterCalls(),
): Session {
  const open = (way: Way) => countedSession(openWay(config, way), calls);
  const [first, second] = config.ways;
  const opened = open(first);
  return second === undefined
    ? opened
    : openFallback(opened, open(second), clock);
}

const openWay = (config: RouterOsConfig, way: Way): Session =>
  way.transport === "rest" ? overRest(config, way) : overSsh(config, way);

function overRest({ host, user }: RouterOsConfig, way: RestWay): Session {
  return openRest({
    ...{ host, port: way.port, user },
    trust: trustOf(way),
    password: () => readSecret(way.secret),
    deadlineMs: REST_DEADLINE_MS,
  });
}

function overSsh({ host, user }: RouterOsConfig, way: SshWay): Session {
  const { port, keyFile, knownHostsFile } = way;
  demandPrivateKey(keyFile);
  textIn("known_hosts_file", knownHostsFile);
  return openSsh({
    ...{ host, port, user, keyFile, knownHostsFile },
    deadlineMs: SSH_DEADLINE_MS,
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
    throw new Failure(`Cannot read ${key} '${file}': ${reasonOf(error)}`);
  }
}
