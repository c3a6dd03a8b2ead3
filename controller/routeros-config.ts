import type { Problem } from "../shared/config/error.js";
import type { Secret } from "../shared/routeros/secret.js";
import type { RouterOsKeys, TRANSPORTS } from "./routeros-schema.js";
import type { QueueKind, Queues } from "./shaper/routeros-queue.js";

/** A RouterOS device to steer. Files and secrets are named here, and read when it is opened. */
export interface RouterOsConfig {
  readonly host: string;
  readonly user: string;
  /** How it is spoken to: the first way, and while that does not work the second. */
  readonly ways: readonly [Way, Way?];
  readonly queues: Queues;
  readonly wanInterface: string | null;
}

export type Way = RestWay | SshWay;

export interface RestWay {
  readonly transport: "rest";
  readonly port: number;
  readonly isPlain: boolean;
  readonly caFile: string | null;
  /** 64 hex digits, lower case. */
  readonly fingerprint: string | null;
  readonly secret: Secret;
}

export interface SshWay {
  readonly transport: "ssh";
  readonly port: number;
  readonly keyFile: string;
  readonly knownHostsFile: string;
}

const LOOPBACK = /^(127\..*|::1|localhost)$/;
const REQUIRED = { rule: "is required with backend routeros" };
const SECRETS = ["password_env", "password_file", "credential"] as const;

type Keys = RouterOsKeys;

/** A rule of one key, under `shaper`, which is broken where it says so. */
const rule =
  (key: string, broken: (keys: Keys) => Omit<Problem, "key"> | null) =>
  (keys: Keys): Problem[] => {
    const problem = broken(keys);
    return problem === null ? [] : [{ key: `shaper.${key}`, ...problem }];
  };

/** What must hold between the keys of backend routeros. Each reads no more of them than it is about. */
export const ROUTEROS_RULES: readonly ((keys: Keys) => Problem[])[] = [
  ...(["host", "user", "download_queue"] as const).map((key) =>
    rule(key, (keys) => (keys[key] === null ? REQUIRED : null)),
  ),
  rule("upload_queue", ({ upload_queue, queue }) =>
    upload_queue === null && queue === "tree" ? REQUIRED : null,
  ),
  (keys) => {
    const secrets = SECRETS.filter((key) => keys[key] !== null);
    if (keys.transport === "ssh" || secrets.length === 1) return [];
    const words = `exactly one of ${SECRETS.join(", ")} must be given`;
    return [{ key: `shaper.${secrets[1] ?? "password_file"}`, rule: words }];
  },
  rule("scheme", ({ transport, scheme, allow_plaintext, host }) =>
    transport !== "ssh" &&
    scheme === "http" &&
    !allow_plaintext &&
    !LOOPBACK.test(host ?? "")
      ? {
          rule: "http sends the password in clear: needs allow_plaintext: true unless the router is this host",
          value: scheme,
        }
      : null,
  ),
  rule("tls.fingerprint_sha256", ({ transport, tls }) =>
    transport !== "ssh" &&
    tls.ca_file !== null &&
    tls.fingerprint_sha256 !== null
      ? { rule: "must not stand beside ca_file" }
      : null,
  ),
  ...(["ssh_key_file", "known_hosts_file"] as const).map((key) =>
    rule(key, ({ transport, [key]: file }) =>
      transport !== "rest" && file === null
        ? { rule: `is required with transport ${transport}` }
        : null,
    ),
  ),
  rule("upload_queue", ({ queue, download_queue, upload_queue }) =>
    queue === "tree" &&
    download_queue !== null &&
    download_queue === upload_queue
      ? { rule: "must not be the download's queue", value: upload_queue }
      : null,
  ),
];

/** Keys without {@link ROUTEROS_RULES}' problems. */
export function routerOsConfig(keys: RouterOsKeys): RouterOsConfig {
  const download = keys.download_queue ?? "";
  return {
    host: keys.host ?? "",
    user: keys.user ?? "",
    ways: waysOf(keys),
    queues: {
      kind: keys.queue as QueueKind,
      names: { download, upload: keys.upload_queue ?? download },
    },
    wanInterface: keys.wan_interface,
  };
}

function waysOf(keys: RouterOsKeys): RouterOsConfig["ways"] {
  switch (keys.transport as (typeof TRANSPORTS)[number]) {
    case "rest":
      return [restOf(keys)];
    case "ssh":
      return [sshOf(keys)];
    case "rest_then_ssh":
      return [restOf(keys), sshOf(keys)];
  }
}

function restOf(keys: RouterOsKeys): RestWay {
  const isPlain = keys.scheme === "http";
  return {
    transport: "rest",
    port: keys.port ?? (isPlain ? 80 : 443),
    isPlain,
    caFile: keys.tls.ca_file,
    fingerprint:
      keys.tls.fingerprint_sha256?.replaceAll(":", "").toLowerCase() ?? null,
    secret: secretOf(keys),
  };
}

const sshOf = (keys: RouterOsKeys): SshWay => ({
  transport: "ssh",
  port: keys.ssh_port,
  keyFile: keys.ssh_key_file ?? "",
  knownHostsFile: keys.known_hosts_file ?? "",
});

function secretOf(keys: RouterOsKeys): Secret {
  if (keys.password_env !== null)
    return { kind: "environment", name: keys.password_env };
  return keys.password_file !== null
    ? { kind: "file", path: keys.password_file }
    : { kind: "credential", name: keys.credential ?? "" };
}
