import { request as requestPlain, type IncomingMessage } from "node:http";
import { request } from "node:https";
import { connectionReason } from "./rest-faults.js";
import { plainAgent, STRANGER, verifyingAgent, type Trust } from "./agent.js";
import {
  done,
  failed,
  type FaultKind,
  type Item,
  type Outcome,
  type Session,
} from "./session.js";

/** Where a router answers REST, and as whom. */
export interface RestPlace {
  readonly host: string;
  readonly port: number;
  /** Null for plain HTTP, which sends the password in clear. */
  readonly trust: Trust | null;
  readonly user: string;
  /** Read at the start, and again after it was refused: it may have been changed. */
  readonly password: () => string;
  readonly deadlineMs: number;
}

/** An answer longer than this is none we asked for. */
const ANSWER_MAX_BYTES = 4 * 2 ** 20;
const WHY_MAX = 200;

/**
 * RouterOS over REST (RouterOS 7.1 and later, help.mikrotik.com: REST API). GET lists, PATCH changes; all values are
 * text. Filters are asked for and checked, since RouterOS ignores those that it does not know.
 */
export function openRest(place: RestPlace): Session {
  const { host, port, trust, user, deadlineMs } = place;
  let password = place.password();
  const agent =
    trust === null ? plainAgent() : verifyingAgent(trust, deadlineMs);

  /** What went wrong, without what nobody is to read. */
  const fault = (kind: FaultKind, why: string): Outcome<never> =>
    failed(kind, why.replaceAll(password || "\0", "***").slice(0, WHY_MAX));

  function send(
    method: "GET" | "PATCH",
    path: string,
    body: string,
    signal: AbortSignal,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = (trust === null ? requestPlain : request)({
        ...{ host, port, method, agent, signal },
        path: `/rest/${path}`,
        headers: {
          authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        },
      });
      asked.once("error", (error) =>
        reject(Object.assign(error, { reused: asked.reusedSocket })),
      );
      asked.once("response", (response) => {
        whole(response).then(
          (text) => resolve({ status: response.statusCode ?? 0, text }),
          reject,
        );
      });
      asked.end(body);
    });
  }

  async function exchange(
    method: "GET" | "PATCH",
    path: string,
    body = "",
  ): Promise<Outcome<unknown>> {
    const signal = AbortSignal.timeout(deadlineMs);
    const once = () => send(method, path, body, signal);
    try {
      // a kept connection may have ended since; what it was to carry may be said twice
      const { status, text } = await once().catch((error: unknown) =>
        (error as { reused?: boolean }).reused === true && !signal.aborted
          ? once()
          : Promise.reject(error as Error),
      );
      return status < 300 ? parsed(text) : refusal(status, text);
    } catch (error) {
      return signal.aborted
        ? fault("timeout", `no answer from ${host} within ${deadlineMs} ms`)
        : fault(
            kindOf((error as NodeJS.ErrnoException).code ?? ""),
            `${host}: ${connectionReason(error, port)}`,
          );
    }
  }

  function parsed(text: string): Outcome<unknown> {
    try {
      return done<unknown>(text === "" ? [] : JSON.parse(escaped(text)));
    } catch {
      return fault("refused", `${host} answers what is no JSON: ${text}`);
    }
  }

  /** `{"error":400,"message":"Bad Request","detail":"no such item"}` */
  function refusal(status: number, text: string): Outcome<never> {
    const body = parsed(text);
    const { message, detail } = (
      body.kind === "done" ? (body.value ?? {}) : {}
    ) as { message?: unknown; detail?: unknown };
    const words = [status, message, detail]
      .filter((word) => typeof word === "string" || typeof word === "number")
      .join(": ");
    const kind = kindOfStatus(status, words);
    if (kind === "unauthorized") password = readAgain();
    return fault(kind, `${host}: ${words}`);
  }

  function readAgain(): string {
    try {
      return place.password();
    } catch {
      return password;
    }
  }

  return {
    transport: "rest",
    async list(menu, where = {}) {
      // RouterOS takes a plus sign for itself; one that is meant is %2B here
      const query = new URLSearchParams(where)
        .toString()
        .replaceAll("+", "%20");
      const outcome = await exchange(
        "GET",
        query === "" ? menu : `${menu}?${query}`,
      );
      if (outcome.kind === "failed") return outcome;
      const items = asItems(outcome.value);
      return items === null
        ? fault("refused", `${host} answers what is no list at ${menu}`)
        : done(items.filter((item) => matches(item, where)));
    },
    async set(menu, id, values) {
      const outcome = await exchange(
        "PATCH",
        `${menu}/${encodeURIComponent(Buffer.from(id).toString())}`,
        JSON.stringify(values),
      );
      return outcome.kind === "failed" ? outcome : done(undefined);
    },
    [Symbol.asyncDispose]() {
      agent.destroy();
      return Promise.resolve();
    },
  };
}

/** RouterOS sends tabs and line breaks within strings as they are, where JSON wants them escaped. */
function escaped(text: string): string {
  let isWithin = false;
  return text.replace(/\\[^]|["\0-\x1f]/g, (found) => {
    if (found === '"') isWithin = !isWithin;
    return isWithin && found < " "
      ? `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`
      : found;
  });
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function whole(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    parts.push(part as Buffer);
    bytes += (part as Buffer).length;
    if (bytes > ANSWER_MAX_BYTES)
      throw new Error(`an answer of more than ${ANSWER_MAX_BYTES} bytes`);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** A list, or the one item of a menu that has only one, such as system/resource. */
function asItems(value: unknown): Item[] | null {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (!list.every((one) => typeof one === "object" && one !== null))
    return null;
  return list.map((one) =>
    Object.fromEntries(
      Object.entries(one).map(([name, value]) => [name, asText(value)]),
    ),
  );
}

/** RouterOS sends text. What else JSON may hold is no value of a property, and made text only to be shown. */
const asText = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

const matches = (item: Item, where: Item): boolean =>
  Object.entries(where).every(([name, value]) => item[name] === value);

function kindOfStatus(status: number, words: string): FaultKind {
  if (status === 401 || status === 403) return "unauthorized";
  if (/not allowed|permission/i.test(words)) return "unauthorized";
  if (status === 404 || /no such item/i.test(words)) return "not_found";
  return [408, 429, 502, 503, 504].includes(status) ? "busy" : "refused";
}

const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;

function kindOf(code: string): FaultKind {
  if (code === STRANGER || UNTRUSTED.test(code)) return "untrusted";
  if (code === "ETIMEDOUT") return "timeout";
  return /^E[A-Z]+$/.test(code) && code !== "EPROTO"
    ? "unreachable"
    : "refused";
}
