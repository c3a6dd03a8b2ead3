import {
  type Static,
  type TObject,
  type TSchema,
  Type,
} from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { KINDS, WAN_NAME } from "../../shared/contract/frame.js";
import { FAMILIES, METRIC_NAMES } from "../../shared/contract/metrics.js";
import { badParameter } from "./http-error.js";
import { INSTANT, instantMs, type Span, spanOf } from "./instant.js";

/** Parameters that several routes take. A title is the rule, as it is told to who breaks it. */
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
  title: "ms since 1970, or ISO 8601 with its zone",
});

/** May be given several times. */
export const many = <T extends TSchema>(schema: T, doc: string) =>
  Type.Optional(Type.Array(schema, { maxItems: 32, description: doc }));

/** What a route takes; anything else in a query is an error. */
export const parameters = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

/** From texts to what the schema says. @throws HttpError 400 naming route, parameter, rule and value */
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
  if (schema === undefined) return "must be right";
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
): Span {
  const read = (name: "from" | "to") => {
    const text = query[name];
    if (text === undefined) return undefined;
    const ms = instantMs(text);
    if (ms === null)
      throw badParameter(route, name, "must be a day of the calendar", text);
    return ms;
  };
  const span = spanOf(read("from"), read("to"), nowMs);
  if (span.fromMs >= span.toMs)
    throw badParameter(route, "from", "must be before 'to'", query.from);
  return span;
}
