import type { Derived, Rule } from "../../../shared/config/config.js";
import type { Problem } from "../../../shared/config/error.js";
import {
  HOST,
  like,
  type Like,
  type ValuesOf,
} from "../../../shared/config/format.js";
import type { OnForeign } from "../direction-state.js";
import { QUEUE_KINDS, type Queues } from "./queue.js";
import type { Secret } from "./secret.js";

export const NAME = "routeros";

export interface RouterOsChoice {
  readonly backend: typeof NAME;
  readonly router: RouterOsConfig;
  readonly onForeign: OnForeign;
}

/** Access to a RouterOS device. Files and secrets are only named here; they are read when the session is opened. */
export interface RouterOsConfig {
  readonly host: string;
  readonly user: string;
  /** Transports: the first, and a fallback while the first fails. */
  readonly ways: readonly [RouterOsAccess, RouterOsAccess?];
  readonly queues: Queues;
  readonly wanInterface: string | null;
}

export type RouterOsAccess = RestWay | SshWay;

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
const REQUIRED = { rule: `is required with backend ${NAME}` };
const SECRETS = ["password_env", "password_file", "credential"] as const;

/** A rule for one key below `shaper`; `broken` returns the problem, or null. */
const rule =
  (key: string, broken: (keys: RouterOsKeys) => Omit<Problem, "key"> | null) =>
  (keys: RouterOsKeys): Problem[] => {
    const problem = broken(keys);
    return problem === null ? [] : [{ key: `shaper.${key}`, ...problem }];
  };

/** Rules across keys. Each reads only the keys it is about, as reading an invalid key throws. */
const KEY_RULES: readonly ((keys: RouterOsKeys) => Problem[])[] = [
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
          rule: "http sends the password in clear text: requires allow_plaintext: true unless the host is a loopback address",
          value: scheme,
        }
      : null,
  ),
  rule("tls.fingerprint_sha256", ({ transport, tls }) =>
    transport !== "ssh" &&
    tls.ca_file !== null &&
    tls.fingerprint_sha256 !== null
      ? { rule: "must not be set together with ca_file" }
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
      ? { rule: "must differ from download_queue", value: upload_queue }
      : null,
  ),
];

export const ROUTEROS_RULES = KEY_RULES.map(
  (rule): Rule<RouterOsFile> =>
    ({ shaper }) =>
      shaper.backend === NAME ? rule(shaper) : [],
);

/** @param keys without problems */
export function routerOsConfig(keys: RouterOsKeys): RouterOsConfig {
  const download = keys.download_queue ?? "";
  return {
    host: keys.host ?? "",
    user: keys.user ?? "",
    ways: waysOf(keys),
    queues: {
      kind: keys.queue,
      names: { download, upload: keys.upload_queue ?? download },
    },
    wanInterface: keys.wan_interface,
  };
}

function waysOf(keys: RouterOsKeys): RouterOsConfig["ways"] {
  switch (keys.transport) {
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

const SCHEMES = ["https", "http"] as const;
const TRANSPORTS = ["rest", "ssh", "rest_then_ssh"] as const;

const text = (doc: string, looks?: Like) =>
  ({
    doc,
    format: "text",
    ...(looks === undefined ? {} : { like: looks }),
    nullable: true,
    default: null,
  }) as const;

/** SHA-256 as RouterOS prints it: 64 hex digits, with or without colons. */
export const FINGERPRINT = like(
  /^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/,
  "64 hexadecimal digits, with or without colons between the bytes",
);
const VARIABLE = like(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  "the name of a variable, without $: letters, digits and underscores",
);
const CREDENTIAL = like(
  /^[A-Za-z0-9._-]+$/,
  "letters, digits, dots, underscores and hyphens",
);

export const ROUTEROS_SCHEMA = {
  host: text("address or name of the router", HOST),
  port: {
    doc: "port of its www-ssl (https) or www (http) service; none: 443 or 80",
    format: "whole",
    min: 1,
    max: 65_535,
    nullable: true,
    default: null,
  },
  scheme: {
    doc: "http sends the password in clear text",
    format: "text",
    values: SCHEMES,
    default: "https",
  },
  allow_plaintext: {
    doc: "allow http to a host other than this one",
    format: "flag",
    default: false,
  },
  transport: {
    doc: "how to talk to the router; rest_then_ssh: SSH while REST fails",
    format: "text",
    values: TRANSPORTS,
    default: "rest",
  },
  user: text("user name on the router"),
  password_env: {
    ...text("environment variable that holds the password", VARIABLE),
    // so that ${PASSWORD} written instead of PASSWORD does not reveal the password
    sensitive: true,
  },
  password_file: text(
    "file whose first line is the password; its mode must be 0600 or 0640",
  ),
  credential: text(
    "systemd credential that is the password (LoadCredential= in the unit)",
    CREDENTIAL,
  ),
  tls: {
    ca_file: text("PEM file of the CA, or of the router's certificate itself"),
    fingerprint_sha256: text(
      "SHA-256 of the router's certificate; no other certificate is accepted",
      FINGERPRINT,
    ),
  },
  ssh_port: {
    doc: "port of its ssh service",
    format: "whole",
    min: 1,
    max: 65_535,
    default: 22,
  },
  ssh_key_file: text(
    "private key without a passphrase; its mode must be 0600, or 0640 if owned by another user",
  ),
  known_hosts_file: text(
    "file with the router's host key, as printed by ssh-keyscan; no other key is accepted",
  ),
  queue: {
    doc: "tree: two queue tree entries; simple: one simple queue, or one per direction",
    format: "text",
    values: QUEUE_KINDS,
    default: "tree",
  },
  download_queue: text("name of the queue that shapes the download"),
  upload_queue: text(
    "name of the queue that shapes the upload; default with simple: download_queue",
  ),
  wan_interface: text(
    "WAN interface of the router, whose byte counters give the load; none: load unknown",
  ),
} as const;

type RouterOsKeys = ValuesOf<typeof ROUTEROS_SCHEMA>;

export interface RouterOsFile {
  shaper: RouterOsKeys & { backend: string; on_foreign: OnForeign };
}

/** Effective values of omitted keys. */
export function routerOsDerived({ shaper }: RouterOsFile): Derived {
  const { ways, queues } = routerOsConfig(shaper);
  const [first] = ways;
  return {
    ...(first.transport === "rest"
      ? { "shaper.port": { value: first.port, from: "shaper.scheme" } }
      : {}),
    "shaper.upload_queue": {
      value: queues.names.upload,
      from: "shaper.download_queue",
    },
  };
}
