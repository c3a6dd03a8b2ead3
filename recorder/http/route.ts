import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { Static, TObject, TSchema } from "@sinclair/typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Clock, msSince } from "../../shared/runtime/clock.js";
import { Failure } from "../../shared/runtime/failure.js";
import { type History, QueryError } from "../query/history.js";
import { badParameter, HttpError } from "./errors.js";
import { queryReader } from "./query.js";

/** What is served at a path: to add one, write a file with one, and name it in routes.ts. */
export interface Route {
  readonly path: string;
  /** What one gets, as a sentence. */
  readonly doc: string;
  /** Answered without the token: it tells nothing. */
  readonly isPublic?: true;
  readonly query: TObject;
  /** What an answer may be, by status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** @returns the body, or the reply where that was taken over. @throws HttpError */
  answer(raw: unknown, reply: FastifyReply): unknown;
}

interface Answer {
  readonly doc: string;
  /** `application/json` where nothing else is said. */
  readonly type?: string;
  readonly schema: TSchema;
}

/** A route whose answer gets its query as the schema says. */
export function route<Q extends TObject>(
  of: Omit<Route, "query" | "answer"> & {
    readonly query: Q;
    answer(query: Static<Q>, reply: FastifyReply): unknown;
  },
): Route {
  const read = queryReader(of.path, of.query);
  return { ...of, answer: (raw, reply) => of.answer(read(raw), reply) };
}

/** Aborted when the client goes away before it has its answer. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}

/** Asks the history, for as long as the client is there. @throws HttpError 400 or 503 */
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

/** Answers a second for all clients together, and how many at once after a quiet while. */
const RATE = 200;
const BURST = 400;

const URL_MAX = 2_048;

/** Who may ask, how often, and in what form: decided before anything is looked at. What is public needs no token. */
type Guard = (request: FastifyRequest, isPublic: boolean) => void;

/**
 * @param token what a client must bring, asked for each time; null where everybody on this host may ask
 * @returns what throws HttpError
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
        `Cannot answer so often: at most ${RATE} requests a second`,
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
        `Cannot read the address: must have at most ${URL_MAX} characters: got ${url.length}`,
      );
    demandReading(method);
    const length = headers["content-length"] ?? "0";
    if (length !== "0" || headers["transfer-encoding"] !== undefined)
      throw new HttpError(
        413,
        "Cannot take a body: requests have none here",
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

/** Digests are of one length, so the comparison takes as long whatever comes. */
function demandToken(secret: string, given = ""): void {
  if (!timingSafeEqual(digest(`Bearer ${secret}`), digest(given)))
    throw new HttpError(
      401,
      "Cannot answer without the token: must come as 'Authorization: Bearer TOKEN'",
      {},
      { "www-authenticate": "Bearer" },
    );
}

/** Guards against DNS rebinding: a foreign page whose name resolves to this host still sends its own name. */
function demandAddress(host = ""): void {
  // names are the same in capitals, and with the dot of the root at their end
  const name = host
    .toLowerCase()
    .replace(/:\d+$/, "")
    .replace(/\.$/, "")
    .replace(/^\[(.*)\]$/, "$1");
  if (name !== "localhost" && isIP(name) === 0)
    throw new HttpError(
      403,
      "Cannot answer for this host name: must be asked as localhost or by address, or with a token",
    );
}
