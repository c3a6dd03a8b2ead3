import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { Static, TObject, TSchema } from "@sinclair/typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Clock, msSince } from "../../shared/runtime/clock.js";
import { Failure } from "../../shared/runtime/failure.js";
import { type History, QueryError } from "../query/history.js";
import { badParameter, HttpError } from "./errors.js";
import { queryReader } from "./query.js";

/** A route. To add one, write it in a file of its own and add it to `routesOf` in api.ts. */
export interface Route {
  readonly path: string;
  /** What the route returns, in one line. */
  readonly doc: string;
  /** Served without the token: contains no data. */
  readonly isPublic?: true;
  readonly query: TObject;
  /** The possible answers, by status code. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** @returns the body, or the reply if it was already used to send. @throws HttpError */
  answer(raw: unknown, reply: FastifyReply): unknown;
}

interface Answer {
  readonly doc: string;
  /** Default: `application/json`. */
  readonly type?: string;
  readonly schema: TSchema;
}

/** A route whose handler gets its query parsed by the schema. */
export function route<Q extends TObject>(
  of: Omit<Route, "query" | "answer"> & {
    readonly query: Q;
    answer(query: Static<Q>, reply: FastifyReply): unknown;
  },
): Route {
  const read = queryReader(of.path, of.query);
  return { ...of, answer: (raw, reply) => of.answer(read(raw), reply) };
}

/** Aborted when the client disconnects before the answer is sent. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}

/** Queries the history, until the client disconnects. @throws HttpError 400 or 503 */
export async function answerFrom<T>(
  history: History,
  route: string,
  reply: FastifyReply,
  ask: (history: History, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await ask(history, goneSignal(reply));
  } catch (error) {
    if (error instanceof QueryError)
      throw badParameter(route, error.parameter, error.rule, error.value);
    if (error instanceof Failure) throw new HttpError(503, error.message);
    throw error;
  }
}

/** Rate limit for all clients together: requests per second, and burst. Beyond it: 429. */
const RATE = 200;
const BURST = 400;

const URL_MAX = 2_048;

/** Checks rate limit, token or Host, method and size of a request. Public routes need no token. */
type Guard = (request: FastifyRequest, isPublic: boolean) => void;

/**
 * @param token returns the token clients must send, called for each request; null if every local client may connect
 * @returns a guard that throws HttpError
 */
export function openGuard(token: () => string | null, clock: Clock): Guard {
  const bucket = { left: BURST, at: clock.mono() };

  function slowDown(): void {
    const now = clock.mono();
    const refill = (msSince(bucket.at, now) * RATE) / 1e3;
    Object.assign(bucket, {
      left: Math.min(BURST, bucket.left + refill),
      at: now,
    });
    if (bucket.left < 1)
      throw new HttpError(
        429,
        `Cannot answer this many requests: at most ${RATE} per second`,
        {},
        { "retry-after": "1" },
      );
    bucket.left--;
  }

  return ({ headers, method, url }, isPublic) => {
    slowDown();
    const secret = token();
    if (secret === null) demandAddress(headers.host);
    else if (!isPublic) demandToken(secret, headers.authorization);
    if (url.length > URL_MAX)
      throw new HttpError(
        414,
        `Cannot read the URL: must have at most ${URL_MAX} characters: got ${url.length}`,
      );
    demandReading(method);
    const length = headers["content-length"] ?? "0";
    if (length !== "0" || headers["transfer-encoding"] !== undefined)
      throw new HttpError(
        413,
        "Cannot accept a request body: must be empty",
        {},
        { connection: "close" },
      );
  };
}

const digest = (text: string): Buffer =>
  createHash("sha256").update(text).digest();

function demandReading(method: string): void {
  if (method !== "GET" && method !== "HEAD")
    throw new HttpError(
      405,
      `Cannot ${method} here: must be GET or HEAD`,
      {},
      { allow: "GET, HEAD" },
    );
}

/** Digests have equal length, so the comparison takes constant time. */
function demandToken(secret: string, given = ""): void {
  if (!timingSafeEqual(digest(`Bearer ${secret}`), digest(given)))
    throw new HttpError(
      401,
      "Cannot answer without a valid token: must be sent as 'Authorization: Bearer TOKEN'",
      {},
      { "www-authenticate": "Bearer" },
    );
}

/** Guards against DNS rebinding: a foreign page whose name resolves to this host still sends its own name as Host. */
function demandAddress(host = ""): void {
  // host names are case-insensitive and may end with the root dot
  const name = host
    .toLowerCase()
    .replace(/:\d+$/, "")
    .replace(/\.$/, "")
    .replace(/^\[(.*)\]$/, "$1");
  if (name !== "localhost" && isIP(name) === 0)
    throw new HttpError(
      403,
      "Cannot answer for this Host header: must be localhost or an IP address, unless a token is configured",
    );
}
