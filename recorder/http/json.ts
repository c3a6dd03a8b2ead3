import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { FastifyReply } from "fastify";

/** Sends a long answer as it is written: a piece at a time, with everybody else between. */
export const sendJson = (reply: FastifyReply, answer: object): FastifyReply =>
  reply
    .type("application/json; charset=utf-8")
    .send(Readable.from(unhurried(jsonOf(answer))));

async function* unhurried(pieces: Iterable<string>): AsyncGenerator<string> {
  let text = "";
  for (const piece of pieces) {
    text += piece;
    if (text.length < PIECE_LENGTH) continue;
    yield text;
    text = "";
    await setImmediate();
  }
  yield text;
}

/** About a millisecond's work. */
const PIECE_LENGTH = 65_536;

/** Numbers written at once. */
const NUMBERS = 8_192;

/** What JSON.stringify gives, in pieces. */
export function* jsonOf(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    yield "[";
    const isFlat = typeof value[0] === "number";
    const length = isFlat ? NUMBERS : 1;
    for (let at = 0; at < value.length; at += length) {
      if (at > 0) yield ",";
      if (isFlat)
        yield JSON.stringify(value.slice(at, at + length)).slice(1, -1);
      else yield* jsonOf(value[at]);
    }
    yield "]";
  } else if (typeof value === "object" && value !== null) {
    let separator = "{";
    for (const [key, part] of Object.entries(value)) {
      if (part === undefined) continue;
      yield `${separator}${JSON.stringify(key)}:`;
      yield* jsonOf(part);
      separator = ",";
    }
    yield separator === "{" ? "{}" : "}";
  } else yield JSON.stringify(value);
}
