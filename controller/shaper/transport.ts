import { readFileSync } from "node:fs";
import { Failure, reasonOf } from "../../shared/failure.js";
import type { Trust } from "../../shared/routeros/agent.js";
import { openRest } from "../../shared/routeros/rest.js";
import { readSecret } from "../../shared/routeros/secret.js";
import type { Session } from "../../shared/routeros/session.js";
import type { RouterOsConfig } from "../routeros-config.js";

/** An operation on an idle router takes 50 ms; one that takes so long is given up, and the connection with it. */
const DEADLINE_MS = 1_200;

/** Opens the way to a router; nothing is sent yet. @throws Failure when a file or secret cannot be read */
export function openSession(config: RouterOsConfig): Session {
  const { host, port, user, secret } = config;
  return openRest({
    ...{ host, port, user },
    trust: trustOf(config),
    password: () => readSecret(secret),
    deadlineMs: DEADLINE_MS,
  });
}

function trustOf({
  isPlain,
  caFile,
  fingerprint,
}: RouterOsConfig): Trust | null {
  if (isPlain) return null;
  if (fingerprint !== null) return { kind: "pinned", sha256: fingerprint };
  return caFile === null
    ? { kind: "system" }
    : { kind: "ca", pem: pemIn(caFile) };
}

function pemIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`Cannot read ca_file '${file}': ${reasonOf(error)}`);
  }
}
