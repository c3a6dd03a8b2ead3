import { type TSchema, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import {
  completeness,
  seriesName,
  stateMs,
} from "../../recorder/http/history-schema.js";
import { DIRECTIONS } from "../../shared/contract/direction.js";
import { STATES } from "../../shared/contract/state.js";

/** What is asked of an answer before it is believed: that everything that is shown of it is there. */

const answer = (one: TSchema, metadata: Record<string, TSchema>) =>
  TypeCompiler.Compile(
    Type.Object({ data: Type.Array(one), metadata: Type.Object(metadata) }),
  );

const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()]);
const numbers = Type.Array(Type.Number());
const next = orNull(Type.String());

export const SHAPE = {
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
    { ...completeness, next, stepMs: orNull(Type.Number()) },
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
      ...completeness,
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
