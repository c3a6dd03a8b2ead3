import type { Format } from "./format.js";

/** A key of a schema, described for people. */
interface Key {
  /** Dotted path. */
  readonly key: string;
  readonly meaning: string;
  readonly type: string;
  /** Unit of a number; "" if it has none. */
  readonly unit: string;
  /** Default as text; null if there is none. */
  readonly fallback: string | null;
  readonly isRequired: boolean;
  /** Allowed values; "" if the type says it all. */
  readonly rule: string;
}

interface Leaf extends Format {
  readonly doc: string;
  readonly default: string | number | boolean | null;
}

type Group = { readonly [key: string]: Group | Leaf };

/** The keys of a convict schema, in its order. */
export const keysOf = (schema: object): Key[] => keysIn(schema as Group, "");

const keysIn = (group: Group, prefix: string): Key[] =>
  Object.entries(group).flatMap(([name, node]) =>
    isLeaf(node)
      ? [keyOf(prefix + name, node)]
      : keysIn(node, `${prefix}${name}.`),
  );

const isLeaf = (node: Group | Leaf): node is Leaf => "default" in node;

const keyOf = (key: string, leaf: Leaf): Key => ({
  key,
  meaning: leaf.doc,
  type: TYPES[leaf.format] ?? leaf.format,
  unit: UNITS[/_([a-z]+)$/.exec(key)?.[1] ?? ""] ?? "",
  fallback: leaf.default === null ? null : String(leaf.default),
  isRequired: leaf.default === null && leaf.nullable !== true,
  rule: ruleOf(leaf),
});

const TYPES: Readonly<Record<string, string>> = {
  quantity: "number",
  whole: "whole number",
  text: "text",
  texts: "list of texts",
  flag: "true or false",
};

/** By the last word of the key. */
const UNITS: Readonly<Record<string, string>> = {
  ms: "ms",
  s: "s",
  mbps: "Mbit/s",
  bytes: "bytes",
  minutes: "minutes",
  hours: "hours",
  days: "days",
  mb: "MiB",
};

function ruleOf({ values, min, max, like, format }: Leaf): string {
  if (values !== undefined) return `one of ${values.join(", ")}`;
  const span =
    min === undefined || max === undefined ? [] : [`${min} to ${max}`];
  const entries = format === "texts" ? " entries, no duplicates" : "";
  const each = format === "texts" ? "each " : "";
  const words = like === undefined ? [] : [each + like.words];
  return [...span.map((limits) => limits + entries), ...words].join("; ");
}
