import { basename } from "node:path";
import { isMap, isScalar, type Node, type Pair } from "yaml";
import { ConfigError, type Problem } from "../../shared/config/error.js";
import { openConfigFile } from "../../shared/config/file.js";

/** A key of the Python version's file. Groups are flattened; lists are values. */
interface OldKey {
  readonly key: string;
  readonly value: unknown;
  readonly line: number;
}

/** The Python version's file: all its keys, and typed access. */
export interface OldFile {
  readonly file: string;
  readonly keys: readonly OldKey[];
  has(key: string): boolean;
  /** Null if the key is not set. @throws ConfigError if it has another type */
  number(key: string): number | null;
  text(key: string): string | null;
  texts(key: string): readonly string[];
  flag(key: string): boolean | null;
  oneOf<T extends string>(key: string, values: readonly T[]): T | null;
  /** @throws ConfigError */
  refuse(key: string, rule: string, shown?: unknown): never;
}

/** @throws ConfigError if it is not YAML */
export function openOldFile(file: string): OldFile {
  const { document, lines, twice } = openConfigFile(file);
  if (twice.length > 0) throw new ConfigError(basename(file), twice);
  const keys = isMap(document.contents)
    ? leavesOf(
        document.contents.items as Pair<Node, Node | null>[],
        "",
        (offset) => lines.linePos(offset).line,
      )
    : [];
  const find = (key: string) => keys.find((one) => one.key === key);
  const value = (key: string): unknown => find(key)?.value ?? null;

  function refuse(key: string, rule: string, shown?: unknown): never {
    const found = find(key);
    const problem: Problem = {
      ...{ key, rule },
      ...(found === undefined ? {} : { line: found.line }),
      ...(shown === undefined ? {} : { value: shown }),
    };
    throw new ConfigError(file, [problem]);
  }

  return {
    file,
    keys,
    refuse,
    has: (key) => find(key) !== undefined,
    number(key) {
      const found = value(key);
      if (found === null || typeof found === "number") return found;
      return refuse(key, "must be a number", found);
    },
    text(key) {
      const found = value(key);
      // the value may be a secret: do not show it
      if (found === null || typeof found === "string") return found;
      return refuse(key, "must be a non-empty string");
    },
    flag(key) {
      const found = value(key);
      if (found === null || typeof found === "boolean") return found;
      return refuse(key, "must be true or false", found);
    },
    oneOf(key, values) {
      const found = value(key);
      if (found === null) return null;
      return (
        values.find((one) => one === found) ??
        refuse(key, `must be one of ${values.join(", ")}`, found)
      );
    },
    texts(key) {
      const found = value(key);
      if (Array.isArray(found)) return found.map(String);
      return refuse(key, "must be a list", found ?? undefined);
    },
  };
}

function leavesOf(
  pairs: readonly Pair<Node, Node | null>[],
  prefix: string,
  lineAt: (offset: number) => number,
): OldKey[] {
  return pairs.flatMap(({ key, value }) => {
    const name = `${prefix}${isScalar(key) ? String(key.value) : "?"}`;
    const line = lineAt(key.range?.[0] ?? 0);
    if (isMap(value) && value.items.length > 0)
      return leavesOf(
        value.items as Pair<Node, Node | null>[],
        `${name}.`,
        lineAt,
      );
    return [{ key: name, value: value?.toJSON() as unknown, line }];
  });
}
