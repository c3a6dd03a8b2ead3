import convict from "convict";
import { nearest } from "./suggestion.js";

/**
 * The formats of configuration values, for every schema: `quantity`, `whole`, `text`, `texts`, `flag`. Their limits stand
 * beside the format in the schema. convict's own number formats read "12abc" as 12; these do not.
 */
export interface Format {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  readonly values?: readonly string[];
}

const fail = (rule: string): never => {
  throw new Error(rule);
};

const NUMBER = /^-?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

function checkNumber(
  value: unknown,
  { min = -Infinity, max = Infinity }: Format,
  whole: boolean,
): void {
  if (value === null) fail("is required");
  if (typeof value !== "number" || !Number.isFinite(value))
    fail("must be a number");
  if (whole && !Number.isInteger(value)) fail("must be a whole number");
  if ((value as number) < min || (value as number) > max)
    fail(`must be from ${min} to ${max}`);
}

function checkText(value: unknown, { pattern, values }: Format): void {
  if (value === null) fail("is required");
  if (typeof value !== "string" || value === "") fail("must be a text");
  if (pattern && !pattern.test(value as string))
    fail(`must match ${pattern.source}`);
  if (values && !values.includes(value as string))
    fail(oneOf(value as string, values));
}

function oneOf(value: string, values: readonly string[]): string {
  const meant = nearest(value, values);
  const question = meant === null ? "" : `, did you mean '${meant}'`;
  return `must be one of ${values.join(", ")}${question}`;
}

function checkTexts(
  value: unknown,
  { pattern, min = 1, max = 64 }: Format,
): void {
  if (value === null) fail("is required");
  if (!Array.isArray(value)) fail("must be a list");
  const list = value as unknown[];
  if (list.length < min || list.length > max)
    fail(`must have ${min} to ${max} entries`);
  for (const entry of list) checkText(entry, pattern ? { pattern } : {});
  if (new Set(list).size !== list.length) fail("must not name an entry twice");
}

const strictNumber = (text: string): unknown =>
  NUMBER.test(text) ? Number(text) : text;
const asFormat = (schema: unknown): Format => schema as Format;
convict.addFormats({
  quantity: {
    validate: (value, schema) => checkNumber(value, asFormat(schema), false),
    coerce: strictNumber,
  },
  whole: {
    validate: (value, schema) => checkNumber(value, asFormat(schema), true),
    coerce: strictNumber,
  },
  text: {
    validate: (value, schema) => checkText(value, asFormat(schema)),
    coerce: (text: string) => text,
  },
  texts: {
    validate: (value, schema) => checkTexts(value, asFormat(schema)),
    coerce: (text: string) => text,
  },
  flag: {
    validate: (value) =>
      typeof value === "boolean" ? undefined : fail("must be true or false"),
    coerce: (text: string) =>
      text === "true" ? true : text === "false" ? false : text,
  },
});
