/* Parsing the output of `tc -j` and `ip -j`, without assumptions about its content. */

export type JsonFields = Readonly<Record<string, unknown>>;

/**
 * iproute2 6.1 and 6.8 print the options of some kinds as text even under -j: `"options":{default 1 }`,
 * `"options":{fh 800: ht divisor 1 }`. That text, up to the next quote or bracket, is removed.
 */
const TEXT_OPTIONS = /("options":\{)[^"{}[\]]+/g;

/** The objects in an answer; null if it cannot be parsed. tc prints nothing or `[{}]` for an empty list. */
export const objectsIn = (answer: string): readonly JsonFields[] | null =>
  wholeIn(answer) ?? wholeIn(answer.replace(TEXT_OPTIONS, "$1"));

/** The same, only for an answer that is valid JSON as it is. */
export function wholeIn(answer: string): readonly JsonFields[] | null {
  const value = answer.trim() === "" ? [] : parsed(answer);
  return Array.isArray(value) && value.every(isFields)
    ? value.filter((item) => Object.keys(item).length > 0)
    : null;
}

/** The start of an answer for an error message, without control characters. */
export const excerpt = (answer: string): string =>
  answer.trim().slice(0, 80).replace(/\p{C}/gu, "?");

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isFields = (value: unknown): value is JsonFields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function textIn(fields: JsonFields, key: string): string | null {
  const value = fields[key];
  return typeof value === "string" ? value : null;
}

/** A count or a rate; null if negative or too large to be exact. */
export function numberIn(fields: JsonFields, key: string): number | null {
  const value = fields[key];
  return typeof value === "number" &&
    value >= 0 &&
    value <= Number.MAX_SAFE_INTEGER
    ? value
    : null;
}

export function fieldsIn(fields: JsonFields, key: string): JsonFields {
  const value = fields[key];
  return isFields(value) ? value : {};
}

export function listIn(fields: JsonFields, key: string): readonly JsonFields[] {
  const value = fields[key];
  return Array.isArray(value) ? value.filter(isFields) : [];
}
