import { urlToHttpOptions } from "node:url";
import { type TSchema, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import {
  completenessSchema,
  seriesName,
  stateMs,
} from "../../recorder/http/history-schema.js";
import type {
  History,
  Resolution,
  Selection,
  Span,
} from "../../recorder/query/history.js";
import { DIRECTIONS } from "../../shared/contract/direction.js";
import type {
  EventsAnswer,
  RangeAnswer,
  SeriesAnswer,
  SummaryAnswer,
} from "../../shared/contract/history.js";
import { STATES } from "../../shared/contract/state.js";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { asHttpError, exchange } from "../../shared/runtime/http.js";
import { clip, printable } from "../terminal.js";
import { lengthText } from "./time.js";

/** Schemas of answers: they require everything that is shown. */

const answer = (one: TSchema, metadata: Record<string, TSchema>) =>
  TypeCompiler.Compile(
    Type.Object({ data: Type.Array(one), metadata: Type.Object(metadata) }),
  );

const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()]);
const numbers = Type.Array(Type.Number());
const next = orNull(Type.String());

const SHAPE = {
  series: answer(Type.Unknown(), {
    wans: Type.Array(Type.Object({ wan: seriesName.wan })),
  }),
  range: answer(
    Type.Object({
      ...seriesName,
      ...{ at: numbers, count: numbers, min: numbers, avg: numbers },
      max: numbers,
      stateMs: Type.Optional(Type.Array(stateMs)),
    }),
    { ...completenessSchema, next, stepMs: orNull(Type.Number()) },
  ),
  summary: answer(
    Type.Object({
      ...seriesName,
      ...Object.fromEntries(
        ["count", "min", "avg", "max"].map((name) => [name, Type.Number()]),
      ),
      ...Object.fromEntries(
        ["p50", "p95", "p99"].map((name) => [name, orNull(Type.Number())]),
      ),
    }),
    {
      ...completenessSchema,
      states: Type.Array(
        Type.Object({
          wan: Type.String(),
          direction: Type.Union(DIRECTIONS.map((name) => Type.Literal(name))),
          ms: Type.Object(
            Object.fromEntries(STATES.map((name) => [name, Type.Number()])),
          ),
        }),
      ),
      worst: Type.Array(
        Type.Object({
          ...{ wan: Type.String(), at: Type.Number(), minutes: Type.Number() },
          ...{ deltaAvgMs: Type.Number(), deltaMaxMs: Type.Number() },
        }),
      ),
    },
  ),
  events: answer(
    Type.Object({
      ...{ at: Type.Number(), seq: Type.Number() },
      ...{ wan: Type.String(), kind: Type.String(), boot: Type.String() },
      details: Type.Record(Type.String(), Type.Unknown()),
    }),
    { next },
  ),
} as const;

/** The address of a recorder. */
export interface Address {
  /** For messages. */
  readonly name: string;
  readonly socketPath?: string;
  readonly url: URL;
  /** Must not appear in a message. */
  readonly token?: string;
}

/** No recorder answers: exit code 2. */
export class NotRunning extends Failure {}

/** Without any data from the recorder for this long, ms, the request fails. */
const SILENCE_MS = 30_000;

/** Longest answer accepted, bytes; far more than a page has. */
const ANSWER_BYTES_MAX = 64 * 2 ** 20;

/** The recorder's answer to a path, parsed. @throws Failure in one line, NotRunning if no recorder answers */
async function ask(
  address: Address,
  path: string,
  signal?: AbortSignal,
): Promise<unknown> {
  const { status, text } = await reply(address, path, signal);
  const value = parsed(text);
  if (status === 200 && value !== undefined) return value;
  const error = (value as { error?: unknown } | null | undefined)?.error;
  if (status === 401)
    throw new Failure(
      `Cannot ask ${address.name}: it requires ${address.token === undefined ? "a" : "another"} token: set WANCTL_TOKEN`,
    );
  throw typeof error === "string"
    ? new Failure(`${printable(error)} (says ${address.name})`)
    : unreadable(address, text);
}

/** The answer is not a valid one of this version. */
function unreadable({ name }: Address, got: unknown): Failure {
  const text = typeof got === "string" ? got : JSON.stringify(got);
  return new Failure(
    `Cannot read the answer of ${name}: must be from a wanctl recorder: got ${clip(printable(text.trim()), 60)}`,
  );
}

async function reply(
  { name, socketPath, url, token }: Address,
  path: string,
  signal: AbortSignal | undefined,
) {
  try {
    return await exchange({
      ...urlToHttpOptions(new URL(`.${path}`, url)),
      protocol: url.protocol === "https:" ? "https:" : "http:",
      ...(socketPath === undefined ? {} : { socketPath }),
      headers: {
        accept: "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      timeout: SILENCE_MS,
      maxBytes: ANSWER_BYTES_MAX,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    const { code = "", hasBegun = false } = asHttpError(error);
    if (hasBegun)
      throw new Failure(
        `Cannot read the answer of ${name}: ${reasonOf(error)}`,
      );
    if (code === "ABORT_ERR") throw error;
    if (code === "EACCES")
      throw new Failure(
        `Cannot ask ${name}: permission denied: run as root or as a member of the socket's group`,
      );
    const isGone = code === "ENOENT" || code === "ECONNREFUSED";
    throw new NotRunning(
      `Cannot ask ${name}: ${isGone ? "it is not running" : reasonOf(error)}`,
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The queries of `wanctl history`. */
export type Past = Omit<History, "gaps">;

type Parameters = Readonly<
  Record<string, string | number | readonly string[] | undefined>
>;

/** The history, asked from a recorder over HTTP. @throws Failure in one line */
export function openRemote(address: Address): Past {
  async function get<T>(
    route: keyof typeof SHAPE,
    parameters: Parameters,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const path = `/api/v1/${route}?${queryOf(parameters).toString()}`;
    const answer = await ask(address, path, signal);
    if (SHAPE[route].Check(answer)) return answer as T;
    throw unreadable(address, answer);
  }
  return {
    series: (signal) => get<SeriesAnswer>("series", {}, signal),
    range: ({ resolution, cursor, ...selection }, signal) =>
      get<RangeAnswer>(
        "range",
        { ...selected(selection), ...resolved(resolution), cursor },
        signal,
      ),
    summary: (selection, signal) =>
      get<SummaryAnswer>("summary", selected(selection), signal),
    events: ({ kinds, limit, cursor, ...span }, signal) =>
      get<EventsAnswer>(
        "events",
        { ...spanned(span), kind: kinds, limit, cursor },
        signal,
      ),
  };
}

const spanned = ({ fromMs, toMs, wans }: Span): Parameters => ({
  from: fromMs,
  to: toMs,
  wan: wans,
});

const selected = ({ metrics, ...span }: Selection): Parameters => ({
  ...spanned(span),
  metric: metrics,
});

function resolved(resolution: Resolution): Parameters {
  if (resolution === "cycle") return { step: "cycle" };
  return "points" in resolution
    ? { points: resolution.points }
    : { step: lengthText(resolution.stepMs) };
}

function queryOf(parameters: Parameters): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    for (const each of [value ?? []].flat()) query.append(name, String(each));
  return query;
}
