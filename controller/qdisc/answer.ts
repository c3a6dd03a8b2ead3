/** What `tc -j` and `ip -j` print, read without trust: whatever it is, it has a value or is unreadable. */

export type JsonFields = Readonly<Record<string, unknown>>;

/**
 * iproute2 6.1 and 6.8 print the options of some kinds as text even under -j: `"options":{default 1 }`,
 * `"options":{fh 800: ht divisor 1 }`. Up to the next quote or bracket, that text is left out.
 */
const TEXT_OPTIONS = /("options":\{)[^"{}[\]]+/g;

/** The objects in an answer. tc prints nothing, or `[{}]`, where there is nothing. Null where it cannot be read. */
export const objectsIn = (answer: string): readonly JsonFields[] | null =>
  wholeIn(answer) ?? wholeIn(answer.replace(TEXT_OPTIONS, "$1"));

/** The same for an answer that is JSON as it stands; null where it can be read in part at most. */
export function wholeIn(answer: string): readonly JsonFields[] | null {
  const value = answer.trim() === "" ? [] : parsed(answer);
  return Array.isArray(value) && value.every(isFields)
    ? value.filter((item) => Object.keys(item).length > 0)
    : null;
}

/** So much of an answer as a message has room for, without what a terminal would obey. */
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

/** A count or a rate: no number that is negative or too large to be exact. */
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
