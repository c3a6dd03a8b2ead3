import { once } from "node:events";
import { createServer } from "node:http";
import { Failure, reasonOf } from "./failure.js";
import { listenAt } from "./files.js";
import { asHttpError, exchange } from "./http.js";
import { deniedAt } from "./paths.js";

/** The answer at a process's health socket: HTTP over a Unix socket, any path, one JSON object. */
export interface Health {
  readonly status: "fine" | "degraded";
  /** Why it is degraded, in words; empty when fine. */
  readonly reasons: readonly string[];
  readonly [key: string]: unknown;
}

/** Serves `look()` at a socket. The process must hold the path's lock. */
export async function serveHealth(
  path: string,
  look: () => Health,
): Promise<AsyncDisposable> {
  const server = createServer(
    { connectionsCheckingInterval: 1000, requestTimeout: 2000 },
    (_, response) => {
      const health = look();
      response.writeHead(health.status === "fine" ? 200 : 503, {
        "content-type": "application/json",
        connection: "close",
      });
      response.end(`${JSON.stringify(health)}\n`);
    },
  );
  server.maxConnections = 16;
  try {
    await listenAt(server, path);
  } catch (error) {
    throw new Failure(`Cannot serve health at '${path}': ${reasonOf(error)}`);
  }
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** Longest answer accepted, bytes; the request fails beyond it. */
const ANSWER_BYTES_MAX = 2 ** 20;

/** Asks a process for its health; null if no valid answer comes in time. @throws Failure if access is denied */
export async function askHealth(
  path: string,
  timeoutMs = 1000,
): Promise<Health | null> {
  try {
    const { text } = await exchange({
      socketPath: path,
      path: "/health",
      signal: AbortSignal.timeout(timeoutMs),
      maxBytes: ANSWER_BYTES_MAX,
    });
    return JSON.parse(text) as Health;
  } catch (error) {
    if (asHttpError(error).code === "EACCES") throw deniedAt(path);
    return null;
  }
}
