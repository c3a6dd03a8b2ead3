import type { Schema } from "convict";
import { HOST, like, type Like } from "../shared/config/format.js";
import { QUEUE_KINDS } from "./shaper/routeros-queue.js";

export const SCHEMES = ["https", "http"] as const;
export const TRANSPORTS = ["rest", "ssh", "rest_then_ssh"] as const;

/** The keys of backend routeros, as they stand in the file. */
export interface RouterOsKeys {
  host: string | null;
  port: number | null;
  scheme: string;
  allow_plaintext: boolean;
  transport: string;
  user: string | null;
  password_env: string | null;
  password_file: string | null;
  credential: string | null;
  tls: { ca_file: string | null; fingerprint_sha256: string | null };
  ssh_port: number;
  ssh_key_file: string | null;
  known_hosts_file: string | null;
  queue: string;
  download_queue: string | null;
  upload_queue: string | null;
  wan_interface: string | null;
}

const text = (doc: string, looks?: Like) => ({
  doc,
  format: "text",
  ...(looks === undefined ? {} : { like: looks }),
  nullable: true,
  default: null as string | null,
});

/** As RouterOS shows it: 64 hex digits, colons between the bytes or not. */
export const FINGERPRINT = like(
  /^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/,
  "64 hexadecimal digits, with colons between the bytes or without",
);
const VARIABLE = like(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  "the name of a variable, without $: letters, digits and underscores",
);
const CREDENTIAL = like(
  /^[A-Za-z0-9._-]+$/,
  "letters, digits, dots, underscores and hyphens",
);

export const ROUTEROS_SCHEMA: Schema<RouterOsKeys> = {
  host: text("address or name of the router", HOST),
  port: {
    doc: "where its www-ssl (https) or www (http) service listens; none: 443 or 80",
    format: "whole",
    min: 1,
    max: 65_535,
    nullable: true,
    default: null,
  },
  scheme: {
    doc: "http sends the password in clear",
    format: "text",
    values: SCHEMES,
    default: "https",
  },
  allow_plaintext: {
    doc: "http to another host than this one",
    format: "flag",
    default: false,
  },
  transport: {
    doc: "how the router is spoken to; rest_then_ssh: over SSH while REST does not work",
    format: "text",
    values: TRANSPORTS,
    default: "rest",
  },
  user: text("who logs in at the router"),
  password_env: {
    ...text("environment variable that holds the password", VARIABLE),
    // lest ${PASSWORD} where PASSWORD was meant tells everybody
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
    ca_file: text("PEM file of the authority, or of the certificate itself"),
    fingerprint_sha256: text(
      "SHA-256 of the router's certificate, which alone is believed",
      FINGERPRINT,
    ),
  },
  ssh_port: {
    doc: "where its ssh service listens",
    format: "whole",
    min: 1,
    max: 65_535,
    default: 22,
  },
  ssh_key_file: text(
    "private key without a passphrase; its mode must be 0600, or 0640 where another user owns it",
  ),
  known_hosts_file: text(
    "file with the router's host key, as ssh-keyscan prints it; no other key is believed",
  ),
  queue: {
    doc: "tree: two queues of the queue tree. simple: one simple queue, or one for each direction",
    format: "text",
    values: QUEUE_KINDS,
    default: "tree",
  },
  download_queue: text("name of the queue that shapes the download"),
  upload_queue: text(
    "name of the queue that shapes the upload; with simple: the download's",
  ),
  wan_interface: text(
    "interface of the router whose byte counters say how loaded the line is; none: it is not known",
  ),
};
