import type { FastifyReply } from "fastify";
import { Failure } from "../../shared/runtime/failure.js";
import { type History, QueryError } from "../reader/history.js";
import { badParameter, HttpError } from "./http-error.js";
import { goneSignal } from "./route.js";

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
