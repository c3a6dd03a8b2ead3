import type { Problem } from "../shared/config-error.js";
import type { Secret } from "../shared/routeros/secret.js";
import type { RouterOsKeys, TRANSPORTS } from "./routeros-schema.js";
import type { Queues, QueueKind } from "./shaper/routeros-queue.js";

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
const SECRETS = ["password_env", "password_file", "credential"] as const;

/** What must hold between the keys of backend routeros, under `shaper`. */
export function routerOsProblems(keys: RouterOsKeys): Problem[] {
  const missing = (["host", "user", "download_queue", "upload_queue"] as const)
    .filter((key) => keys[key] === null)
    .filter((key) => key !== "upload_queue" || keys.queue === "tree")
    .map((key) => ({ key, rule: "is required with backend routeros" }));
  return [
    ...missing,
    ...(keys.transport === "ssh" ? [] : restProblems(keys)),
    ...(keys.transport === "rest" ? [] : sshProblems(keys)),
    ...(keys.queue === "tree" &&
    keys.download_queue !== null &&
    keys.download_queue === keys.upload_queue
      ? [
          {
            key: "upload_queue",
            rule: "must not be the download's queue",
            value: keys.upload_queue,
          },
        ]
      : []),
  ].map((problem) => ({ ...problem, key: `shaper.${problem.key}` }));
}

function restProblems(keys: RouterOsKeys): Problem[] {
  const secrets = SECRETS.filter((key) => keys[key] !== null);
  const isInClear =
    keys.scheme === "http" &&
    !keys.allow_plaintext &&
    !LOOPBACK.test(keys.host ?? "");
  const { ca_file, fingerprint_sha256 } = keys.tls;
  return [
    ...(secrets.length === 1
      ? []
      : [
          {
            key: secrets[1] ?? "password_file",
            rule: `exactly one of ${SECRETS.join(", ")} must be given`,
          },
        ]),
    ...(isInClear
      ? [
          {
            key: "scheme",
            rule: "http sends the password in clear: needs allow_plaintext: true unless the router is this host",
            value: keys.scheme,
          },
        ]
      : []),
    ...(ca_file !== null && fingerprint_sha256 !== null
      ? [
          {
            key: "tls.fingerprint_sha256",
            rule: "must not stand beside ca_file",
          },
        ]
      : []),
  ];
}

const sshProblems = (keys: RouterOsKeys): Problem[] =>
  (["ssh_key_file", "known_hosts_file"] as const)
    .filter((key) => keys[key] === null)
    .map((key) => ({
      key,
      rule: `is required with transport ${keys.transport}`,
    }));

/** Keys without {@link routerOsProblems}. */
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
