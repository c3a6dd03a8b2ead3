import {
  type Static,
  type TObject,
  type TSchema,
  Type,
} from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { KINDS, WAN_NAME } from "../../shared/contract/frame.js";
import { FAMILIES, METRIC_NAMES } from "../../shared/contract/metrics.js";
import { DAY_MS, type TimeRange } from "../../shared/contract/units.js";
import { badParameter } from "./errors.js";

/** An instant in a query: ms since 1970, or ISO 8601 with a time zone, to the minute or finer. */
const INSTANT =
  /^(\d{1,15}|\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+ -]\d\d:\d\d))$/;

/** ms since 1970; null if the text is not a time. An unescaped `+` arrives as a space and is accepted. */
function instantMs(text: string): number | null {
  if (!INSTANT.test(text)) return null;
  if (/^\d+$/.test(text)) return Number(text);
  const [day = ""] = text.split("T");
  const ms = Date.parse(text.replace(" ", "+"));
  return Number.isNaN(ms) || !isDay(day) ? null : ms;
}

/** Rejects 30 February, which Date.parse reads as 2 March. */
const isDay = (text: string): boolean =>
  new Date(text).toISOString().startsWith(text);

/** Defaults to the last 24 hours. */
function spanOf(
  fromMs: number | undefined,
  toMs: number | undefined,
  nowMs: number,
): TimeRange {
  const end = toMs ?? Math.max(nowMs, fromMs ?? 0) + 1;
  return { fromMs: fromMs ?? Math.max(0, end - DAY_MS), toMs: end };
}

const LIMIT_MAX = 1_000;

export const limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: 100 }),
);
export const cursor = Type.Optional(
  Type.String({
    pattern: "^\\d{1,16}(\\.\\d{1,16}){0,2}$",
    title: "the `next` of the previous page",
  }),
);

const next = Type.Union([Type.String(), Type.Null()], {
  description: "cursor of the next page, null on the last",
});

/** Metadata common to all paged answers. */
export const pageMetadata = {
  from: Type.Integer({ description: "ms since 1970" }),
  to: Type.Integer({ description: "ms since 1970, exclusive" }),
  returned: Type.Integer(),
  next,
};

/** Parameters shared by several routes. The title is the rule named in error messages. */
export const wan = Type.String({
  pattern: WAN_NAME.source,
  title: "the name of a WAN",
});
export const kind = Type.Union(KINDS.map((name) => Type.Literal(name)));
export const metric = Type.Union(
  [...Object.keys(FAMILIES), ...METRIC_NAMES].map((name) => Type.Literal(name)),
);
export const instant = Type.String({
  pattern: INSTANT.source,
  title: "ms since 1970, or ISO 8601 with a time zone",
});

/** A parameter that may be repeated. */
export const many = <T extends TSchema>(schema: T, doc: string) =>
  Type.Optional(Type.Array(schema, { maxItems: 32, description: doc }));

/** The parameters of a route; any other parameter is an error. */
export const parameters = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

/** Parses query strings according to the schema. @throws HttpError 400 naming route, parameter, rule and value */
export function queryReader<Q extends TObject>(
  route: string,
  schema: Q,
): (raw: unknown) => Static<Q> {
  const compiled = TypeCompiler.Compile(schema);
  const names = Object.keys(schema.properties);
  return (raw) => {
    const query: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(raw as object)) {
      const property = schema.properties[name];
      if (property === undefined || !names.includes(name))
        throw badParameter(route, name, unknownRule(names));
      query[name] = converted(property, value);
    }
    if (compiled.Check(query)) return query;
    const [, name = "", place] =
      /^\/(\w+)(?:\/(\d+))?/.exec(compiled.Errors(query).First()?.path ?? "") ??
      [];
    const value = query[name];
    const given: unknown =
      Array.isArray(value) && place ? value[+place] : value;
    throw badParameter(route, name, ruleOf(schema.properties[name]), given);
  };
}

const unknownRule = (names: readonly string[]): string =>
  `unknown, ${names.length === 0 ? "there are none here" : `known here: ${names.join(", ")}`}`;

function converted(schema: TSchema, value: unknown): unknown {
  if (schema["type"] === "array") return [value].flat();
  if (schema["type"] !== "integer") return value;
  return typeof value === "string" && /^\d{1,15}$/.test(value)
    ? Number(value)
    : value;
}

function ruleOf(schema: TSchema | undefined, times = ", given once"): string {
  if (schema === undefined) return "must be valid";
  if (schema["type"] === "array")
    return `each ${ruleOf(schema["items"] as TSchema, "")}, at most ${schema["maxItems"]} of them`;
  if (schema["type"] === "integer")
    return `must be a whole number from ${schema["minimum"]} to ${schema["maximum"]}`;
  const choices = schema["anyOf"] as { const: string }[] | undefined;
  return choices === undefined
    ? `must be ${schema.title}${times}`
    : `must be one of ${choices.map((choice) => choice.const).join(", ")}`;
}

/** `from` and `to` of a query. @throws HttpError 400 */
export function spanIn(
  route: string,
  query: { readonly from?: string; readonly to?: string },
  nowMs: number,
): TimeRange {
  const read = (name: "from" | "to") => {
    const text = query[name];
    if (text === undefined) return undefined;
    const ms = instantMs(text);
    if (ms === null)
      throw badParameter(route, name, "must be a valid date", text);
    return ms;
  };
  const span = spanOf(read("from"), read("to"), nowMs);
  if (span.fromMs >= span.toMs)
    throw badParameter(route, "from", "must be before 'to'", query.from);
  return span;
}
