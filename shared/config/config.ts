import { basename } from "node:path";
import convict, { type Schema } from "convict";
import { ConfigError, nearest, type Problem } from "./error.js";
import { contentOf, expand, openConfigFile, placed } from "./file.js";
import { faultsOf, type Format, rightPart } from "./format.js";

export interface Loaded<T> {
  readonly values: T;
  /** The effective configuration with secrets masked, for logs and frames. */
  readonly shown: Readonly<Record<string, unknown>>;
}

/** Values of keys that are not set, and the key each is derived from. */
export type Derived = Readonly<
  Record<string, { readonly value: unknown; readonly from: string }>
>;

/** A configuration and all its errors. */
export interface Examined<T> extends Loaded<T> {
  /** Reading a key that is invalid or missing throws: see {@link tellable}. */
  readonly values: T;
  readonly problems: readonly Problem[];
}

/** A check across keys. */
export type Rule<T> = (values: T) => readonly Problem[];

/** The value of a key is unknown, so rules that depend on it cannot be checked. */
class UnknownValue extends Error {}

/** The problems found by the rules that can be checked; a key is reported by one rule only, the first. */
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
 * Reads a YAML file and checks it against a convict schema. `${NAME}` and `${NAME:-default}` are expanded in strings.
 * @throws ConfigError if the file cannot be read at all
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

/** @throws ConfigError naming file, line, key, rule and value of each error */
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
  /** Keys and groups whose values are unknown; "" is the whole file. */
  readonly wrong: Set<string>;
}

const isLeaf = (node: Shape[string]): node is Leaf => "default" in node;

const isGroup = (data: unknown): data is Group =>
  typeof data === "object" && data !== null && !Array.isArray(data);

/** The data without unknown keys, without values in place of groups, and without groups in place of values. */
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
      // or convict would look up each of its keys in the schema
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

/** Validates each value by itself; of an invalid one only the valid part is kept. */
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

/** Makes reading a key, or any key of the file, throw. */
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
        throw new UnknownValue(`'${key}' is unknown`);
      },
    });
}

const PREDECESSORS =
  " here: it is from the Python version, `wanctl migrate config FILE` converts the file";

/** Keys that belong in another file. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  storage: " here: it belongs in the recorder's file, recorder.yaml",
  continuous_monitoring: PREDECESSORS,
  wan_name: PREDECESSORS,
};

/** A hint for an unknown key, and the key that was probably meant; "" if the file is the Python version's. */
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
