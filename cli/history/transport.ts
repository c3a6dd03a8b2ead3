import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { clip, printable } from "../terminal.js";

/** Where a recorder answers. */
export interface Address {
  /** In messages. */
  readonly name: string;
  readonly socketPath?: string;
  readonly url: URL;
  /** Never in a message. */
  readonly token?: string;
}

/** Nobody answers there: exit code 2. */
export class NotRunning extends Failure {}

/** A recorder that says nothing for so long is given up, ms. */
const SILENCE_MS = 30_000;

/** More than any page has. */
const ANSWER_BYTES_MAX = 64 * 2 ** 20;

/** The recorder's answer to a path, parsed. @throws Failure in one line, NotRunning where nobody is there */
export async function ask(
  address: Address,
  path: string,
  signal?: AbortSignal,
): Promise<unknown> {
  const response = await open(address, path, signal);
  const text = await bodyOf(response, address);
  const value = parsed(text);
  if (response.statusCode === 200 && value !== undefined) return value;
  const error = (value as { error?: unknown } | null | undefined)?.error;
  if (response.statusCode === 401)
    throw new Failure(
      `Cannot ask ${address.name}: it wants ${address.token === undefined ? "a" : "another"} token: set WANCTL_TOKEN`,
    );
  throw typeof error === "string"
    ? new Failure(`${printable(error)} (says ${address.name})`)
    : unreadable(address, text);
}

/** What was answered is not what a recorder of this version answers. */
export function unreadable({ name }: Address, got: unknown): Failure {
  const text = typeof got === "string" ? got : JSON.stringify(got);
  return new Failure(
    `Cannot read the answer of ${name}: must be that of a wanctl recorder: got ${clip(printable(text.trim()), 60)}`,
  );
}

function open(
  { name, socketPath, url, token }: Address,
  path: string,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const asked = request(
      new URL(`.${path}`, url),
      {
        ...(socketPath === undefined ? {} : { socketPath }),
        headers: {
          accept: "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        timeout: SILENCE_MS,
        ...(signal === undefined ? {} : { signal }),
      },
      resolve,
    );
    asked.on("timeout", () => asked.destroy(silence()));
    asked.on("error", (error: NodeJS.ErrnoException) => {
      reject(fault(name, error));
    });
    asked.end();
  });
}

const silence = (): Error => new Error(`no answer for ${SILENCE_MS / 1e3} s`);

function fault(name: string, error: NodeJS.ErrnoException): Error {
  const { code = "" } = error;
  if (code === "ABORT_ERR") return error;
  if (code === "EACCES")
    return new Failure(
      `Cannot ask ${name}: permission denied: be in the group of the socket, or root`,
    );
  const isGone = code === "ENOENT" || code === "ECONNREFUSED";
  return new NotRunning(
    `Cannot ask ${name}: ${isGone ? "it does not run" : reasonOf(error)}`,
  );
}

async function bodyOf(
  response: IncomingMessage,
  { name }: Address,
): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > ANSWER_BYTES_MAX)
        throw new Error(`more than ${ANSWER_BYTES_MAX} bytes`);
      parts.push(part);
    }
  } catch (error) {
    throw new Failure(`Cannot read the answer of ${name}: ${reasonOf(error)}`);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
