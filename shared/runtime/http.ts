import {
  type IncomingMessage,
  request as requestPlain,
  type RequestOptions as HttpOptions,
} from "node:http";
import { request as requestTls } from "node:https";

interface HttpRequest extends HttpOptions {
  /** `https:` for TLS; plain HTTP without. */
  readonly protocol?: "http:" | "https:";
  readonly body?: string;
  /** Longest answer accepted, bytes; a longer one is an error. */
  readonly maxBytes: number;
}

interface HttpReply {
  readonly status: number;
  readonly text: string;
}

/** Why there is no complete reply: Node's error, and how far the exchange got. */
interface HttpError extends NodeJS.ErrnoException {
  /** The reply had begun. */
  readonly hasBegun: boolean;
  /** No reply on a connection kept from an earlier request: it may have been closed since. */
  readonly isReused: boolean;
}

/**
 * One request over HTTP or HTTPS, to a host or a Unix socket, and its complete reply. `timeout` is the longest silence,
 * ms; `signal` limits the whole exchange. @throws HttpError
 */
export function exchange({
  body,
  maxBytes,
  ...options
}: HttpRequest): Promise<HttpReply> {
  const request = options.protocol === "https:" ? requestTls : requestPlain;
  return new Promise((resolve, reject) => {
    const asked = request(options, (response) => {
      whole(response, maxBytes).then(
        (text) => resolve({ status: response.statusCode ?? 0, text }),
        fail(true),
      );
    });
    const fail = (hasBegun: boolean) => (error: unknown) => {
      const isReused = !hasBegun && asked.reusedSocket;
      reject(Object.assign(error as Error, { hasBegun, isReused }));
    };
    const silent = () =>
      new Error(`no answer for ${(options.timeout ?? 0) / 1e3} s`);
    asked.on("timeout", () => asked.destroy(silent()));
    asked.on("error", fail(false));
    asked.end(body);
  });
}

/** The error thrown by {@link exchange}. */
export const asHttpError = (error: unknown): Partial<HttpError> =>
  error as HttpError;

async function whole(
  response: IncomingMessage,
  maxBytes: number,
): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBytes)
      throw new Error(`an answer of more than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
