import { basename } from "node:path";
import {
  type Document,
  isMap,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLParseError,
} from "yaml";
import { Failure, plainReason, reasonOf } from "../runtime/failure.js";
import { readText } from "../runtime/files.js";
import { ConfigError, type Problem } from "./error.js";

/** A YAML document with its line numbers, for error messages. */
interface ConfigFile {
  readonly document: Document;
  readonly lines: LineCounter;
  /** Duplicate keys; the later one counts. */
  readonly twice: readonly Problem[];
}

/** Reads and parses a YAML file. @throws ConfigError */
export function openConfigFile(file: string): ConfigFile {
  const lines = new LineCounter();
  let text: string;
  try {
    text = readText(file);
  } catch (error) {
    if (error instanceof Failure)
      throw new ConfigError(basename(file), [{ key: "", rule: error.message }]);
    const { code } = error as NodeJS.ErrnoException;
    const rule =
      code === "ENOENT"
        ? "no such file"
        : `cannot be read: ${plainReason(error)}`;
    throw new ConfigError(file, [{ key: "", rule }]);
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "error",
    merge: true,
  });
  const inWords = (error: YAMLParseError): Problem => ({
    ...{ key: "", rule: error.message },
    line: lines.linePos(error.pos[0]).line,
  });
  const isTwice = ({ code }: YAMLParseError) => code === "DUPLICATE_KEY";
  const { errors } = document;
  if (!errors.every(isTwice))
    throw new ConfigError(basename(file), errors.map(inWords));
  document.errors = [];
  return { document, lines, twice: errors.map(inWords) };
}

/** The document as a plain value, aliases resolved. @throws ConfigError */
export function contentOf({ document }: ConfigFile, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    const rule = reasonOf(error); // an alias without an anchor, or too many; no map to merge
    throw new ConfigError(basename(file), [{ key: "", rule }]);
  }
}

const VARIABLE = /\$\{(\w+)(?::-([^}]*))?\}/;

/** Replaces `${NAME}` and `${NAME:-default}` in every string of the document. */
export function expand(
  { document }: ConfigFile,
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
        new RegExp(VARIABLE, "g"),
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

/** The line of a dotted key, or else of the nearest group around it. */
function lineOfKey(file: ConfigFile, key: string): number | undefined {
  for (
    let path = key.split(".");
    path.length > 0 && key !== "";
    path = path.slice(0, -1)
  ) {
    const line = lineOf(file, path);
    if (line !== undefined) return line;
  }
  return undefined;
}

/** The problems with their line numbers, sorted by line; those without one last. */
export const placed = (
  file: ConfigFile,
  problems: readonly Problem[],
): Problem[] =>
  problems
    .map((problem) => {
      const line = problem.line ?? lineOfKey(file, problem.key);
      return line === undefined ? problem : { ...problem, line };
    })
    .sort((a, b) => (a.line ?? LAST) - (b.line ?? LAST));

const LAST = Number.MAX_SAFE_INTEGER;

function lineOf(
  { document, lines }: ConfigFile,
  path: readonly string[],
): number | undefined {
  const parent: unknown =
    document.getIn(path.slice(0, -1), true) ?? document.contents;
  const pair = isMap(parent)
    ? parent.items.find(
        (item) => isScalar(item.key) && item.key.value === path.at(-1),
      )
    : undefined;
  const offset = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

/** Where a file sets a key, and whether its value uses an environment variable. */
export interface Setting {
  readonly line: number;
  readonly isFromEnvironment: boolean;
}

/** Null if the key is not set. @param file before expansion */
export function settingOf(file: ConfigFile, key: string): Setting | null {
  const path = key.split(".");
  const line = lineOf(file, path);
  if (line === undefined) return null;
  const text = JSON.stringify(file.document.getIn(path) ?? null);
  return { line, isFromEnvironment: VARIABLE.test(text) };
}
