import { once } from "node:events";
import { createServer, request } from "node:http";
import { Failure, reasonOf } from "./failure.js";
import { listenAt } from "./files.js";
import { deniedAt } from "./paths.js";

/** What every process answers at its health socket: HTTP over a Unix socket, any path, one JSON object. */
export interface Health {
  readonly status: "fine" | "degraded";
  /** Why it is degraded, in words; empty when fine. */
  readonly reasons: readonly string[];
  readonly [key: string]: unknown;
}

/** Serves `look()` at a socket. The process must hold the lock of the path. */
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

/** The longest answer, characters: a longer one is not a health answer. */
const ANSWER_MAX = 2 ** 20;

/** Asks a process for its health; null if there is no answer within `timeoutMs`. @throws Failure if access is denied */
export function askHealth(
  path: string,
  timeoutMs = 1000,
): Promise<Health | null> {
  return new Promise((resolve, reject) => {
    const give = () => resolve(null);
    const asked = request(
      {
        socketPath: path,
        path: "/health",
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
          if (text.length > ANSWER_MAX) asked.destroy(new Error("too long"));
        });
        response.on("error", give);
        response.on("end", () => {
          try {
            resolve(JSON.parse(text) as Health);
          } catch {
            give();
          }
        });
      },
    );
    asked.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "EACCES") reject(deniedAt(path));
      else give();
    });
    asked.end();
  });
}
