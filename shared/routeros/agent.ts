import { Agent as PlainAgent } from "node:http";
import { Agent } from "node:https";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";

/** Whose certificate is believed. */
export type Trust =
  /** One that the authorities of this host vouch for. */
  | { readonly kind: "system" }
  /** One that this authority vouches for, PEM; or which is this one. */
  | { readonly kind: "ca"; readonly pem: string }
  /** This one, whoever made it: SHA-256 of its DER form, 64 hex digits in lower case. */
  | { readonly kind: "pinned"; readonly sha256: string };

/** One connection for writes and one for counters, kept open. */
const CONNECTIONS = { keepAlive: true, maxSockets: 2, maxFreeSockets: 2 };

export const plainAgent = (): PlainAgent => new PlainAgent(CONNECTIONS);

/**
 * Keep-alive TLS connections to one host. Each is verified before it is used, so that no credential leaves before; a
 * connection not there within `connectMs` is given up.
 */
export function verifyingAgent(trust: Trust, connectMs: number): Agent {
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
      () => give(Object.assign(new Error("no connection in time"), TIMEOUT)),
      connectMs,
    );
    socket.once("error", give);
    socket.once("secureConnect", () => give(strangerIn(socket, trust)));
    return undefined;
  };
  return agent;
}

const TIMEOUT = { code: "ETIMEDOUT" };

/** The code of an error that means: somebody else's certificate. */
export const STRANGER = "ERR_CERTIFICATE_NOT_PINNED";

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
