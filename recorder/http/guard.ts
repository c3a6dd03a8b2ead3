import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { FastifyRequest } from "fastify";
import { type Clock, since } from "../../shared/runtime/clock.js";
import { HttpError } from "./errors.js";

/** Answers a second for all clients together, and how many at once after a quiet while. */
const RATE = 200;
const BURST = 400;

const URL_MAX = 2_048;

/** Who may ask, how often, and in what form: decided before anything is looked at. What is public needs no token. */
export type Guard = (request: FastifyRequest, isPublic: boolean) => void;

/**
 * @param token what a client must bring, asked for each time; null where everybody on this host may ask
 * @returns what throws HttpError
 */
export function openGuard(token: () => string | null, clock: Clock): Guard {
  const bucket = { left: BURST, at: clock.mono() };

  function slowDown(): void {
    const now = clock.mono();
    const refill = (since(bucket.at, now) * RATE) / 1e3;
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

/** A page of somebody else's whose name was made to lead here still asks by that name. */
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
