import { BlockList, isIP } from "node:net";
import type { Problem } from "../../shared/config/error.js";
import { like, type Like } from "../../shared/config/format.js";
import { plainReason } from "../../shared/runtime/failure.js";
import { readText } from "../../shared/runtime/files.js";

/** Listen address and token of the HTTP server. */
export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  /** The token clients must send; null if every local client may connect. */
  readonly token: string | null;
}

/** The `http` keys of the recorder's configuration file. */
export interface HttpFile {
  listen: string;
  token_env: string | null;
  token_file: string | null;
}

const maybeText = (doc: string, looks?: Like) => ({
  doc,
  format: "text",
  ...(looks === undefined ? {} : { like: looks }),
  nullable: true,
  default: null as string | null,
});

export const HTTP_SCHEMA = {
  listen: {
    doc: "address and port of the HTTP server, or off; a token is required unless it is a loopback address",
    format: "text",
    like: like(
      /^(off|(\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5})$/,
      "off, or an address or name with a port: 127.0.0.1:9101, [::1]:9101",
    ),
    default: "127.0.0.1:9101",
  },
  token_env: maybeText(
    "name of the environment variable that holds the token clients must send",
    like(
      /^\w+$/,
      "the name of a variable, without $: letters, digits and underscores",
    ),
  ),
  token_file: maybeText(
    "file that holds the token; surrounding white space is ignored",
  ),
};

/** Length of 96 random bits in base64. */
const TOKEN_MIN = 16;

const PORT_MAX = 65_535;

/** The token clients must send, from the environment or the file. @throws Error that says why it cannot be read */
function tokenOf({ token_env, token_file }: HttpFile): string | null {
  if (token_env === null && token_file === null) return null;
  const text =
    token_file === null ? process.env[String(token_env)] : readText(token_file);
  if (text === undefined)
    throw new Error(`environment variable ${token_env} is not set`);
  const token = text.trim();
  if (!/^[\x21-\x7e]*$/.test(token))
    throw new Error("must be a token without spaces and control characters");
  if (token.length < TOKEN_MIN)
    throw new Error(
      `must hold a token of at least ${TOKEN_MIN} characters: holds ${token.length}`,
    );
  return token;
}

/** Rules across keys; not checked if HTTP is off. */
export const HTTP_RULES: readonly ((http: HttpFile) => Problem[])[] = [
  ({ listen }) =>
    listen === "off" || addressOf(listen).port <= PORT_MAX
      ? []
      : [
          {
            key: "http.listen",
            rule: `must name a port from 0 to ${PORT_MAX}`,
            value: listen,
          },
        ],
  ({ listen, token_env, token_file }) =>
    listen === "off" || token_env === null || token_file === null
      ? []
      : [
          {
            key: "http.token_file",
            rule: "must not be set together with token_env",
          },
        ],
  (http) => {
    if (http.listen === "off") return [];
    if (http.token_env !== null && http.token_file !== null) return [];
    try {
      if (tokenOf(http) !== null || isLoopback(addressOf(http.listen).host))
        return [];
    } catch (error) {
      const key = http.token_file === null ? "token_env" : "token_file";
      const { code } = error as NodeJS.ErrnoException;
      const reason = plainReason(error);
      const rule = code === undefined ? reason : `cannot be read: ${reason}`;
      return [{ key: `http.${key}`, rule, value: http[key] }];
    }
    const rule =
      "must be a loopback address unless token_env or token_file is set";
    return [{ key: "http.listen", rule, value: http.listen }];
  },
];

/** Null if HTTP is off. Only for keys that passed the rules. */
export function httpOf(http: HttpFile): HttpConfig | null {
  if (http.listen === "off") return null;
  return { ...addressOf(http.listen), token: tokenOf(http) };
}

function addressOf(listen: string): { host: string; port: number } {
  const colon = listen.lastIndexOf(":");
  const host = listen.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(listen.slice(colon + 1)) };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Whether the address is reachable from this host only; of names only `localhost` is. */
function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host === "localhost";
  return LOOPBACK.check(host, version === 6 ? "ipv6" : "ipv4");
}
