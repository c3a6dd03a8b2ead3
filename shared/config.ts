import convict, { type Schema } from "convict";
import { basename } from "node:path";
import { ConfigError, type Problem } from "./config-error.js";
import { contentOf, expand, lineOfKey, openConfigFile } from "./config-file.js";
import { nearest } from "./suggestion.js";
import "./config-format.js";

export interface Loaded<T> {
  readonly values: T;
  /** The effective configuration with secrets masked, fit for a log or a frame. */
  readonly shown: Readonly<Record<string, unknown>>;
}

/** What holds for keys that are left out, and which key it follows from. */
export type Derived = Readonly<
  Record<string, { readonly value: unknown; readonly from: string }>
>;

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
  const source = openConfigFile(file);
  const report = (problems: readonly Problem[]) => {
    if (problems.length === 0) return;
    const placed = problems.map((problem) => ({
      line: lineOfKey(source, problem.key),
      ...problem,
    }));
    throw new ConfigError(basename(file), placed.map(withoutUndefined));
  };

  report(expand(source, env));
  const data = contentOf(source, file) ?? {};
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

type Leaf = { readonly default: unknown; readonly sensitive?: boolean };
type Shape = { readonly [key: string]: Shape | Leaf };

const isLeaf = (node: Shape[string]): node is Leaf => "default" in node;

const isGroup = (data: unknown): boolean =>
  typeof data === "object" && data !== null && !Array.isArray(data);

/** Unknown keys, and values where a group of keys belongs. */
function checkShape(data: unknown, schema: Shape, prefix: string): Problem[] {
  if (!isGroup(data))
    return [
      {
        key: prefix.slice(0, -1),
        rule: `must be a group of keys: ${Object.keys(schema).join(", ")}`,
        value: data,
      },
    ];
  return Object.entries(data as object).flatMap(([name, value]) => {
    const node = Object.hasOwn(schema, name) ? schema[name] : undefined;
    if (node === undefined)
      return [
        {
          key: prefix + name,
          rule: `unknown key${suggestion(name, Object.keys(schema))}`,
        },
      ];
    return isLeaf(node)
      ? checkLeaf(value, node, prefix + name)
      : checkShape(value, node, `${prefix}${name}.`);
  });
}

/** No key takes a group: convict would look for each of its keys in the schema. */
function checkLeaf(value: unknown, leaf: Leaf, key: string): Problem[] {
  if (!isGroup(value)) return [];
  const rule = "must be a value, not a group of keys";
  return [leaf.sensitive === true ? { key, rule } : { key, rule, value }];
}

const PREDECESSORS =
  " here: it is the Python wanctl's, `wanctl migrate config FILE` makes ours of it";

/** Keys that people look for in the wrong file. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  storage: " here: it belongs in the recorder's file, recorder.yaml",
  continuous_monitoring: PREDECESSORS,
  wan_name: PREDECESSORS,
};

function suggestion(name: string, known: readonly string[]): string {
  const elsewhere = ELSEWHERE[name];
  if (elsewhere !== undefined) return elsewhere;
  const meant = nearest(name, known);
  return meant === null
    ? `, known here: ${known.join(", ")}`
    : `, did you mean '${meant}'`;
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
