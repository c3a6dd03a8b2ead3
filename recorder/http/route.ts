import type { Static, TObject, TSchema } from "@sinclair/typebox";
import type { FastifyReply } from "fastify";
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

export interface Answer {
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
export function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}

/** Asks the history, for as long as the client is there. @throws HttpError 400 or 503 */
export async function asking<T>(
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
