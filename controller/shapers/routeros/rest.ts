import { Agent as PlainAgent } from "node:http";
import { Agent } from "node:https";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import type { FaultKind } from "../../../shared/contract/router-call.js";
import { plainReason, reasonOf } from "../../../shared/runtime/failure.js";
import { asHttpError, exchange } from "../../../shared/runtime/http.js";
import { done, failed, type Outcome } from "../shaper.js";
import type { Item, Session } from "./session.js";

/** Plain reasons for connection failures, by code or text of the Node or OpenSSL error. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /WRONG_VERSION_NUMBER|wrong version number|PACKET_LENGTH|packet length|HTTP_REQUEST|http request/i,
    "does not speak TLS: is it the port of www instead of www-ssl?",
  ],
  [
    /^HPE_/,
    "does not speak HTTP: must be the port of www, or of www-ssl with scheme https",
  ],
  [
    /HANDSHAKE_FAILURE|handshake failure|NO_SHARED_CIPHER/i,
    "fails the TLS handshake: does its www-ssl service have a certificate?",
  ],
  [
    /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|protocol version/i,
    "does not support a TLS version that this host accepts",
  ],
  [/^ERR_OSSL_PEM|PEM routines/, "cannot be verified: ca_file must be PEM"],
  [/^(ERR_SSL_|ERR_OSSL_|EPROTO$)/, "aborts the TLS connection"],
];

/** Why a connection to a port failed. */
function connectionReason(error: unknown, port: number): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  const [, words] =
    REASONS.find(
      ([pattern]) =>
        pattern.test(code) ||
        (code === "EPROTO" && pattern.test(reasonOf(error))),
    ) ?? [];
  if (words !== undefined) return `port ${port} ${words}`;
  return code === "ECONNREFUSED"
    ? `nothing listens on port ${port} (${code})`
    : plainReason(error);
}

/** Which certificate is accepted. */
export type Trust =
  /** One signed by a CA that this host trusts. */
  | { readonly kind: "system" }
  /** One signed by this CA, or this certificate itself; PEM. */
  | { readonly kind: "ca"; readonly pem: string }
  /** This certificate, whatever its issuer: SHA-256 of its DER form, 64 lower-case hex digits. */
  | { readonly kind: "pinned"; readonly sha256: string };

/** One connection for writes and one for counters, kept open. */
const CONNECTIONS = { keepAlive: true, maxSockets: 2, maxFreeSockets: 2 };

const plainAgent = (): PlainAgent => new PlainAgent(CONNECTIONS);

/**
 * Keep-alive TLS connections to one host. Each is verified before use, so that no credentials are sent to another host.
 * A connection not established within `connectMs` is given up.
 */
function verifyingAgent(trust: Trust, connectMs: number): Agent {
  const agent = new Agent(CONNECTIONS);
  agent.createConnection = ({ host, port }, settle) => {
    const name = host ?? "";
    const socket = connect({
      host: name,
      port: Number(port),
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(trust.kind === "ca" ? { ca: trust.pem } : {}),
      rejectUnauthorized: trust.kind !== "pinned",
    });
    const give = (error: Error | null) => {
      clearTimeout(timer);
      socket.removeListener("error", give);
      if (error !== null) socket.destroy();
      settle?.(error, socket);
    };
    const timer = setTimeout(
      () =>
        give(
          Object.assign(
            new Error("connection not established in time"),
            TIMEOUT,
          ),
        ),
      connectMs,
    );
    socket.once("error", give);
    socket.once("secureConnect", () => give(strangerIn(socket, trust)));
    return undefined;
  };
  return agent;
}

const TIMEOUT = { code: "ETIMEDOUT" };

/** Error code for a certificate other than the pinned one. */
const STRANGER = "ERR_CERTIFICATE_NOT_PINNED";

function strangerIn(socket: TLSSocket, trust: Trust): Error | null {
  if (trust.kind !== "pinned") return null;
  const shown = socket.getPeerCertificate().fingerprint256;
  const sha256 = shown.replaceAll(":", "").toLowerCase();
  return sha256 === trust.sha256
    ? null
    : Object.assign(new Error(`its certificate's SHA-256 is ${sha256}`), {
        code: STRANGER,
      });
}

/** Address and login of a router's REST API. */
export interface RestPlace {
  readonly host: string;
  readonly port: number;
  /** Null for plain HTTP, which sends the password in clear text. */
  readonly trust: Trust | null;
  readonly user: string;
  /** Read at start, and again after a 401: it may have been changed. */
  readonly password: () => string;
  readonly deadlineMs: number;
}

/** Longer answers are refused. */
const ANSWER_MAX_BYTES = 4 * 2 ** 20;
const WHY_MAX = 200;

/**
 * RouterOS over REST (RouterOS 7.1 and later, help.mikrotik.com: REST API). GET lists, PATCH changes; all values are
 * text. Filters are sent and also applied here, since RouterOS ignores unknown ones.
 */
export function openRest(place: RestPlace): Session {
  const { host, port, trust, user, deadlineMs } = place;
  let password = place.password();
  const agent =
    trust === null ? plainAgent() : verifyingAgent(trust, deadlineMs);

  /** The failure, with the password masked. */
  const fault = (kind: FaultKind, why: string): Outcome<never> =>
    failed(kind, why.replaceAll(password || "\0", "***").slice(0, WHY_MAX));

  const send = (
    method: "GET" | "PATCH",
    path: string,
    body: string,
    signal: AbortSignal,
  ) =>
    exchange({
      protocol: trust === null ? "http:" : "https:",
      ...{ host, port, method, agent, signal, body },
      path: `/rest/${path}`,
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      },
      maxBytes: ANSWER_MAX_BYTES,
    });

  async function asked(
    method: "GET" | "PATCH",
    path: string,
    body = "",
  ): Promise<Outcome<unknown>> {
    const signal = AbortSignal.timeout(deadlineMs);
    const once = () => send(method, path, body, signal);
    try {
      // the router may have closed a kept-alive connection; all requests are idempotent, so retry once
      const { status, text } = await once().catch((error: unknown) =>
        asHttpError(error).isReused === true && !signal.aborted
          ? once()
          : Promise.reject(error as Error),
      );
      return status < 300 ? parsed(text) : refusal(status, text);
    } catch (error) {
      return signal.aborted
        ? fault("timeout", `no answer from ${host} within ${deadlineMs} ms`)
        : fault(
            kindOf((error as NodeJS.ErrnoException).code ?? ""),
            `${host}: ${connectionReason(error, port)}`,
          );
    }
  }

  function parsed(text: string): Outcome<unknown> {
    try {
      return done<unknown>(text === "" ? [] : JSON.parse(escaped(text)));
    } catch {
      return fault("refused", `${host} answers with invalid JSON: ${text}`);
    }
  }

  /** `{"error":400,"message":"Bad Request","detail":"no such item"}` */
  function refusal(status: number, text: string): Outcome<never> {
    const body = parsed(text);
    const { message, detail } = (
      body.kind === "done" ? (body.value ?? {}) : {}
    ) as { message?: unknown; detail?: unknown };
    const words = [status, message, detail]
      .filter((word) => typeof word === "string" || typeof word === "number")
      .join(": ");
    const kind = kindOfStatus(status, words);
    if (kind === "unauthorized") password = readAgain();
    return fault(kind, `${host}: ${words}`);
  }

  function readAgain(): string {
    try {
      return place.password();
    } catch {
      return password;
    }
  }

  return {
    transport: "rest",
    async list(menu, where = {}) {
      // RouterOS does not decode + as a space
      const query = new URLSearchParams(where)
        .toString()
        .replaceAll("+", "%20");
      const outcome = await asked(
        "GET",
        query === "" ? menu : `${menu}?${query}`,
      );
      if (outcome.kind === "failed") return outcome;
      const items = asItems(outcome.value);
      return items === null
        ? fault("refused", `${host} does not answer with a list at ${menu}`)
        : done(items.filter((item) => matches(item, where)));
    },
    async set(menu, id, values) {
      const outcome = await asked(
        "PATCH",
        `${menu}/${encodeURIComponent(Buffer.from(id).toString())}`,
        JSON.stringify(values),
      );
      return outcome.kind === "failed" ? outcome : done(undefined);
    },
    [Symbol.asyncDispose]() {
      agent.destroy();
      return Promise.resolve();
    },
  };
}

/** RouterOS sends tabs and line breaks in strings unescaped, which is invalid JSON. */
function escaped(text: string): string {
  let isWithin = false;
  return text.replace(/\\[^]|["\0-\x1f]/g, (found) => {
    if (found === '"') isWithin = !isWithin;
    return isWithin && found < " "
      ? `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`
      : found;
  });
}

/** A list, or the single item of a menu such as system/resource. */
function asItems(value: unknown): Item[] | null {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (!list.every((one) => typeof one === "object" && one !== null))
    return null;
  return list.map((one) =>
    Object.fromEntries(
      Object.entries(one).map(([name, value]) => [name, asText(value)]),
    ),
  );
}

/** RouterOS sends all values as text; others are only made printable. */
const asText = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

const matches = (item: Item, where: Item): boolean =>
  Object.entries(where).every(([name, value]) => item[name] === value);

function kindOfStatus(status: number, words: string): FaultKind {
  if (status === 401 || status === 403) return "unauthorized";
  if (/not allowed|permission/i.test(words)) return "unauthorized";
  if (status === 404 || /no such item/i.test(words)) return "not_found";
  return [408, 429, 502, 503, 504].includes(status) ? "busy" : "refused";
}

const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;

function kindOf(code: string): FaultKind {
  if (code === STRANGER || UNTRUSTED.test(code)) return "untrusted";
  if (code === "ETIMEDOUT") return "timeout";
  return /^E[A-Z]+$/.test(code) && code !== "EPROTO"
    ? "unreachable"
    : "refused";
}
