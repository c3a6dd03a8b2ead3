import { chmodSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { fastify, type FastifyInstance, type FastifyReply } from "fastify";
import type { Clock } from "../../shared/runtime/clock.js";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import type { Log } from "../../shared/runtime/log.js";
import type { HttpConfig } from "./config.js";
import { HttpError } from "./errors.js";
import { openGuard, type Route } from "./route.js";
import { FOLDER_SCRIPT_HASH } from "./routes/page.js";

/** A Unix socket; access is controlled by its file mode. */
interface SocketPlace {
  readonly path: string;
}

const SOCKET_MODE = 0o660;

/** A running HTTP server. */
interface Server extends AsyncDisposable {
  /** `http://127.0.0.1:9101`, or the path of the socket. */
  readonly url: string;
}

const CONNECTIONS_MAX = 128;

/** The page loads nothing from other origins and may not be framed. */
const HEADERS = {
  "content-security-policy": `default-src 'none'; script-src 'self' '${FOLDER_SCRIPT_HASH}'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/**
 * Serves routes, GET and HEAD only, to authorized clients.
 * @param answered called with the route (`other` for unknown paths) and the status of each answer
 * @throws Failure if the address cannot be bound
 */
export async function openServer(
  place: HttpConfig | SocketPlace,
  routes: readonly Route[],
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  answered: (route: string, code: number) => void,
): Promise<Server> {
  const app = fastify({
    logger: false,
    requestTimeout: 5_000,
    keepAliveTimeout: 30_000,
    bodyLimit: 1,
    forceCloseConnections: true,
    http: { maxHeaderSize: 8_192 },
    frameworkErrors(error, _, reply) {
      const answer = (reply as FastifyReply).code(400).headers(HEADERS);
      void answer.send({ error: reasonOf(error) });
    },
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  const guard = openGuard(() => ("path" in place ? null : place.token), clock);
  const paths = routes.map(({ path }) => path);
  const publicPaths = new Set(
    routes.flatMap(({ path, isPublic }) => (isPublic ? [path] : [])),
  );
  const pathOf = (url: string) => url.split("?")[0] ?? "";

  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(HEADERS);
    guard(request, publicPaths.has(request.routeOptions.url ?? ""));
    done();
  });
  app.addHook("onResponse", ({ routeOptions }, { statusCode }, done) => {
    answered(routeOptions.url ?? "other", statusCode);
    done();
  });
  app.setNotFoundHandler((request) => {
    throw new HttpError(
      404,
      `Cannot find '${pathOf(request.url).slice(0, 80)}': known here: ${paths.join(", ")}`,
    );
  });
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof HttpError)
      return reply
        .code(error.status)
        .headers(error.headers)
        .send({ error: error.message, ...error.detail });
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    if (status < 500)
      return reply.code(status).send({ error: reasonOf(error) });
    if (!reply.raw.destroyed)
      log.error("http_failed", {
        route: pathOf(request.url),
        cause: reasonOf(error),
      });
    return reply.code(500).send({ error: "Cannot answer: see the log" });
  });
  for (const route of routes)
    app.get(route.path, (request, reply) => route.answer(request.query, reply));

  return {
    url: await listening(app, place),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/** @returns the URL or socket path */
async function listening(
  app: FastifyInstance,
  place: HttpConfig | SocketPlace,
): Promise<string> {
  const isSocket = "path" in place;
  try {
    if (isSocket) {
      // safe to remove: this process holds the lock for this path
      rmSync(place.path, { force: true });
      await app.listen({ path: place.path });
      chmodSync(place.path, SOCKET_MODE);
      return place.path;
    }
    await app.listen({ host: place.host, port: place.port });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? reasonOf(error);
    throw new Failure(
      isSocket
        ? `Cannot serve at '${place.path}': got ${code}`
        : `Cannot serve HTTP at '${place.host}:${place.port}': must be a free local address: got ${code}: change http.listen, or set it to off`,
    );
  }
  const { address, port } = app.server.address() as AddressInfo;
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
}
