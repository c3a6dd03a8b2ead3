import { basename } from "node:path";
import convict, { type Schema } from "convict";
import { ConfigError, nearest, type Problem } from "./error.js";
import { contentOf, expand, openConfigFile, placed } from "./file.js";
import { faultsOf, type Format, rightPart } from "./format.js";

export interface Loaded<T> {
  readonly values: T;
  /** The effective configuration with secrets masked, fit for a log or a frame. */
  readonly shown: Readonly<Record<string, unknown>>;
}

/** What holds for keys that are left out, and which key it follows from. */
export type Derived = Readonly<
  Record<string, { readonly value: unknown; readonly from: string }>
>;

/** A configuration, and everything that is wrong with it. */
export interface Examined<T> extends Loaded<T> {
  /** A key that is wrong by itself, or was left out and must not be, throws when it is read: see {@link tellable}. */
  readonly values: T;
  readonly problems: readonly Problem[];
}

/** Something that must hold between keys. */
export type Rule<T> = (values: T) => readonly Problem[];

/** The value of a key is not known, so that nothing can be said that depends on it. */
class UnknownValue extends Error {}

/** What the rules say that can be told; each key is named once, by the first rule that does. */
export function tellable(
  rules: readonly (() => readonly Problem[])[],
): Problem[] {
  const said: Problem[] = [];
  for (const rule of rules)
    try {
      const isNew = ({ key }: Problem) => !said.some((one) => one.key === key);
      said.push(...rule().filter(isNew));
    } catch (error) {
      if (!(error instanceof UnknownValue)) throw error;
    }
  return said;
}

/**
 * Reads a YAML file and checks it against a convict schema. `${NAME}` and `${NAME:-default}` are expanded in any string.
 * @throws ConfigError where it cannot be read at all
 */
export function examineConfig<T>(
  file: string,
  schema: Schema<T>,
  rules: readonly Rule<T>[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Examined<T> {
  const source = openConfigFile(file);
  const unset = expand(source, env);
  const found: Findings = {
    problems: [...source.twice, ...unset],
    wrong: new Set(unset.map(({ key }) => key)),
  };
  const data = shaped(contentOf(source, file) ?? {}, schema, "", found);
  const config = convict(schema, { args: [], env: {} }).load(data);
  judge(config, schema, "", found);
  const values = config.getProperties() as T;
  for (const key of found.wrong) hide(values as Group, key);
  const between = tellable(rules.map((rule) => () => rule(values)));
  return {
    values,
    shown: JSON.parse(config.toString()) as Record<string, unknown>,
    problems: placed(source, [...found.problems, ...between]),
  };
}

/** @throws ConfigError naming file, line, key, rule and value of everything that is wrong */
export function loadConfig<T>(
  file: string,
  schema: Schema<T>,
  rules: readonly Rule<T>[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Loaded<T> {
  const { values, shown, problems } = examineConfig(file, schema, rules, env);
  if (problems.length > 0) throw new ConfigError(basename(file), problems);
  return { values, shown };
}

type Group = Record<string, unknown>;
type Leaf = Format & {
  readonly default: unknown;
  readonly sensitive?: boolean;
};
type Shape = { readonly [key: string]: Shape | Leaf };

interface Findings {
  readonly problems: Problem[];
  /** Keys and groups whose values are not known; "" is all of the file. */
  readonly wrong: Set<string>;
}

const isLeaf = (node: Shape[string]): node is Leaf => "default" in node;

const isGroup = (data: unknown): data is Group =>
  typeof data === "object" && data !== null && !Array.isArray(data);

/** The data without unknown keys, and without values where a group of keys belongs or groups where a value does. */
function shaped(
  data: unknown,
  schema: Shape,
  prefix: string,
  { problems, wrong }: Findings,
): Group {
  if (!isGroup(data)) {
    const key = prefix.slice(0, -1);
    const rule = `must be a group of keys: ${Object.keys(schema).join(", ")}`;
    problems.push({ key, rule, value: data });
    wrong.add(key);
    return {};
  }
  const kept: Group = {};
  for (const [name, value] of Object.entries(data)) {
    const node = Object.hasOwn(schema, name) ? schema[name] : undefined;
    const key = prefix + name;
    if (node === undefined) {
      const { words, meant } = suggestion(name, Object.keys(schema));
      problems.push({ key, rule: `unknown key${words}` });
      if (meant !== null && !Object.hasOwn(data, meant))
        wrong.add(meant === "" ? meant : prefix + meant);
    } else if (!isLeaf(node))
      kept[name] = shaped(value, node, `${key}.`, { problems, wrong });
    else if (isGroup(value)) {
      // convict would look for each of its keys in the schema
      const rule = "must be a value, not a group of keys";
      problems.push({ key, rule, ...shownOf(node, value) });
      wrong.add(key);
    } else kept[name] = value;
  }
  return kept;
}

interface Values {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

/** Judges each value by itself; of one that is wrong the part is kept that is right. */
function judge(
  values: Values,
  schema: Shape,
  prefix: string,
  found: Findings,
): void {
  for (const [name, node] of Object.entries(schema)) {
    const key = prefix + name;
    if (isUnder(found.wrong, key)) continue;
    if (!isLeaf(node)) {
      judge(values, node, `${key}.`, found);
      continue;
    }
    const value = values.get(key);
    const faults = faultsOf(value, node);
    if (faults.length > 0) {
      const right = rightPart(value, node);
      if (right === undefined) found.wrong.add(key);
      else values.set(key, right);
    }
    for (const { rule, ...fault } of faults)
      found.problems.push({
        ...{ key, rule },
        ...("value" in fault ? shownOf(node, fault.value) : {}),
      });
  }
}

const isUnder = (wrong: ReadonlySet<string>, key: string): boolean =>
  wrong.has("") || wrong.has(key);

const shownOf = ({ sensitive }: Leaf, value: unknown): { value?: unknown } =>
  sensitive === true ? {} : { value };

/** Makes reading a key throw, or any key of a group. */
function hide(values: Group, key: string): void {
  const [name = "", ...rest] = key.split(".");
  if (key === "") for (const each of Object.keys(values)) hide(values, each);
  else if (rest.length > 0) {
    const group = Object.getOwnPropertyDescriptor(values, name)
      ?.value as unknown;
    if (isGroup(group)) hide(group, rest.join("."));
  } else
    Object.defineProperty(values, name, {
      get() {
        throw new UnknownValue(`'${key}' is not known`);
      },
    });
}

const PREDECESSORS =
  " here: it is the Python wanctl's, `wanctl migrate config FILE` makes ours of it";

/** Keys that people look for in the wrong file. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  storage: " here: it belongs in the recorder's file, recorder.yaml",
  continuous_monitoring: PREDECESSORS,
  wan_name: PREDECESSORS,
};

/** A suggestion for an unknown key, and which key it is about; "" for a file of another program. */
function suggestion(
  name: string,
  known: readonly string[],
): { words: string; meant: string | null } {
  const elsewhere = ELSEWHERE[name];
  if (elsewhere !== undefined)
    return { words: elsewhere, meant: elsewhere === PREDECESSORS ? "" : null };
  const meant = nearest(name, known);
  const words =
    meant === null
      ? `, known here: ${known.join(", ")}`
      : `, did you mean '${meant}'`;
  return { words, meant };
}
