import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { FastifyReply } from "fastify";

/** Streams a long answer in chunks, yielding to the event loop between them. */
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

/** Characters per chunk: about 1 ms of work. */
const PIECE_LENGTH = 65_536;

/** Numbers serialized at once. */
const NUMBERS = 8_192;

/** The output of JSON.stringify, in pieces. */
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
