import type { Problem } from "../shared/config-error.js";
import type { Secret } from "../shared/routeros/secret.js";
import type { RouterOsKeys } from "./routeros-schema.js";
import type { Queues, QueueKind } from "./shaper/routeros-queue.js";

/** A RouterOS device to steer. Files and secrets are named here, and read when it is opened. */
export interface RouterOsConfig {
  readonly host: string;
  readonly port: number;
  readonly isPlain: boolean;
  readonly caFile: string | null;
  /** 64 hex digits, lower case. */
  readonly fingerprint: string | null;
  readonly user: string;
  readonly secret: Secret;
  readonly queues: Queues;
  readonly wanInterface: string | null;
}

const LOOPBACK = /^(127\..*|::1|localhost)$/;
const SECRETS = ["password_env", "password_file", "credential"] as const;

/** What must hold between the keys of backend routeros, under `shaper`. */
export function routerOsProblems(keys: RouterOsKeys): Problem[] {
  const missing = (["host", "user", "download_queue", "upload_queue"] as const)
    .filter((key) => keys[key] === null)
    .filter((key) => key !== "upload_queue" || keys.queue === "tree")
    .map((key) => ({ key, rule: "is required with backend routeros" }));
  const secrets = SECRETS.filter((key) => keys[key] !== null);
  const isInClear =
    keys.scheme === "http" &&
    !keys.allow_plaintext &&
    !LOOPBACK.test(keys.host ?? "");
  const { ca_file, fingerprint_sha256 } = keys.tls;
  return [
    ...missing,
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

/** Keys without {@link routerOsProblems}. */
export function routerOsConfig(keys: RouterOsKeys): RouterOsConfig {
  const isPlain = keys.scheme === "http";
  const download = keys.download_queue ?? "";
  return {
    host: keys.host ?? "",
    port: keys.port ?? (isPlain ? 80 : 443),
    isPlain,
    caFile: keys.tls.ca_file,
    fingerprint:
      keys.tls.fingerprint_sha256?.replaceAll(":", "").toLowerCase() ?? null,
    user: keys.user ?? "",
    secret: secretOf(keys),
    queues: {
      kind: keys.queue as QueueKind,
      names: { download, upload: keys.upload_queue ?? download },
    },
    wanInterface: keys.wan_interface,
  };
}

function secretOf(keys: RouterOsKeys): Secret {
  if (keys.password_env !== null)
    return { kind: "environment", name: keys.password_env };
  return keys.password_file !== null
    ? { kind: "file", path: keys.password_file }
    : { kind: "credential", name: keys.credential ?? "" };
}
