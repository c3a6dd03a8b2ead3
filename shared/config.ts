import { readFileSync } from "node:fs";
import { basename } from "node:path";
import convict, { type Schema } from "convict";
import { closest, distance } from "fastest-levenshtein";
import {
  isMap,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
} from "yaml";

/** One thing wrong with a configuration. `key` is a dotted path, `value` what stands there. */
export interface Problem {
  readonly key: string;
  readonly rule: string;
  readonly value?: unknown;
  readonly line?: number;
}

/** Everything that is wrong with one file; the message has a line for each problem. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];
  constructor(file: string, problems: readonly Problem[]) {
    super(problems.map((problem) => inWords(file, problem)).join("\n"));
    this.problems = problems;
  }
}

export interface Loaded<T> {
  readonly values: T;
  /** The effective configuration with secrets masked, fit for a log or a frame. */
  readonly shown: Readonly<Record<string, unknown>>;
}

function inWords(file: string, { key, rule, value, line }: Problem): string {
  const place = `${file}${line === undefined ? "" : `:${line}`}${key === "" ? "" : ` '${key}'`}`;
  return `Cannot read ${place}: ${rule}${value === undefined ? "" : `: got ${JSON.stringify(value)}`}`;
}

type Format = {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  readonly values?: readonly string[];
};

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
    fail(`must be one of ${values.join(", ")}`);
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

// convict's own number formats read "12abc" as 12; these do not.
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

/**
 * Reads and checks a YAML file against a convict schema. `${NAME}` and `${NAME:-default}` are expanded in any string.
 * @param rules what must hold between keys, asked only when each key is right by itself
 * @throws ConfigError naming file, line, key, rule and value of everything that is wrong
 */
export function loadConfig<T>(
  file: string,
  schema: Schema<T>,
  rules: (values: T) => readonly Problem[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Loaded<T> {
  const lines = new LineCounter();
  const document = parse(file, lines);
  const lineOf = (key: string) => lineOfKey(document, lines, key);
  const report = (problems: readonly Problem[]) => {
    if (problems.length === 0) return;
    const placed = problems.map((problem) => ({
      line: lineOf(problem.key),
      ...problem,
    }));
    throw new ConfigError(basename(file), placed.map(withoutUndefined));
  };

  report(expand(document, env));
  const data: unknown = document.toJS() ?? {};
  report(checkShape(data, schema, ""));
  const config = convict(schema, { args: [], env: {} }).load(data);
  report(validate(config));
  const values = config.getProperties();
  report(rules(values));
  return {
    values,
    shown: JSON.parse(config.toString()) as Record<string, unknown>,
  };
}

function withoutUndefined({
  line,
  ...problem
}: Omit<Problem, "line"> & { line: number | undefined }): Problem {
  return line === undefined ? problem : { ...problem, line };
}

/** The YAML document of a file. @throws ConfigError */
export function parse(file: string, lines: LineCounter): Document {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new ConfigError(file, [
      {
        key: "",
        rule: code === "ENOENT" ? "no such file" : `cannot be read (${code})`,
      },
    ]);
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
  });
  if (document.errors.length > 0)
    throw new ConfigError(
      basename(file),
      document.errors.map((error) => ({
        key: "",
        rule: error.message,
        line: lines.linePos(error.pos[0]).line,
      })),
    );
  return document;
}

/** Replaces `${NAME}` and `${NAME:-default}` in every string of the document. */
function expand(
  document: Document,
  env: Readonly<Record<string, string | undefined>>,
): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Scalar(where, node, path) {
      if (where === "key" || typeof node.value !== "string") return;
      const key = path
        .flatMap((step) =>
          "key" in step && isScalar(step.key) ? [String(step.key.value)] : [],
        )
        .join(".");
      node.value = node.value.replace(
        /\$\{(\w+)(?::-([^}]*))?\}/g,
        (_, name: string, fallback?: string) => {
          const found =
            env[name] === "" && fallback !== undefined
              ? fallback
              : (env[name] ?? fallback);
          if (found === undefined)
            problems.push({
              key,
              rule: `environment variable ${name} is not set`,
            });
          return found ?? "";
        },
      );
    },
  });
  return problems;
}

type Shape = { readonly [key: string]: Shape | { readonly default: unknown } };

const isLeaf = (node: Shape[string]): boolean => "default" in node;

/** Unknown keys, and values where a group of keys belongs. */
function checkShape(data: unknown, schema: Shape, prefix: string): Problem[] {
  if (typeof data !== "object" || data === null || Array.isArray(data))
    return [
      {
        key: prefix.slice(0, -1),
        rule: `must be a group of keys: ${Object.keys(schema).join(", ")}`,
        value: data,
      },
    ];
  return Object.entries(data).flatMap(([name, value]) => {
    const node = Object.hasOwn(schema, name) ? schema[name] : undefined;
    if (node === undefined)
      return [
        {
          key: prefix + name,
          rule: `unknown key${suggestion(name, Object.keys(schema))}`,
        },
      ];
    return isLeaf(node)
      ? []
      : checkShape(value, node as Shape, `${prefix}${name}.`);
  });
}

/** Keys that people look for in the wrong file. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  storage: " here: it belongs in the recorder's file, recorder.yaml",
};

function suggestion(name: string, known: readonly string[]): string {
  const elsewhere = ELSEWHERE[name];
  if (elsewhere !== undefined) return elsewhere;
  const best = closest(name, known);
  return distance(name, best) <= Math.max(2, name.length / 3)
    ? `, did you mean '${best}'`
    : `, known here: ${known.join(", ")}`;
}

/** convict reports as text, one problem a line: `key: rule: value was ...`. */
function validate<T>(config: convict.Config<T>): Problem[] {
  try {
    config.validate({ allowed: "strict" });
    return [];
  } catch (error) {
    return (error as Error).message.split("\n").map((line) => {
      const [, key = "", rule = line] =
        /^([\w.]+): (.*?)(?:: value was .*)?$/.exec(line) ?? [];
      const value =
        rule === "is required" ? undefined : shownValue(config, key);
      return { key, rule, ...(value === undefined ? {} : { value }) };
    });
  }
}

/** The value of a key, "[Sensitive]" where it is a secret. */
function shownValue<T>(config: convict.Config<T>, key: string): unknown {
  let value: unknown = JSON.parse(config.toString());
  for (const step of key.split("."))
    value = (value as Record<string, unknown> | undefined)?.[step];
  return value;
}

function lineOfKey(
  document: Document,
  lines: LineCounter,
  key: string,
): number | undefined {
  for (
    let path = key.split(".");
    path.length > 0 && key !== "";
    path = path.slice(0, -1)
  ) {
    const parent: unknown =
      document.getIn(path.slice(0, -1), true) ?? document.contents;
    const pair = isMap(parent)
      ? parent.items.find(
          (item) => isScalar(item.key) && item.key.value === path.at(-1),
        )
      : undefined;
    const offset = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
    if (offset !== undefined) return lines.linePos(offset).line;
  }
  return undefined;
}
