import { closest, distance } from "fastest-levenshtein";

/** The known word closest to a misspelt one; null if none is close. */
export function nearest(word: string, known: readonly string[]): string | null {
  const best = closest(word, known);
  return distance(word, best) <= Math.max(2, word.length / 3) ? best : null;
}

/** One error in a configuration. `key` is a dotted path, `value` the value found. */
export interface Problem {
  readonly key: string;
  readonly rule: string;
  readonly value?: unknown;
  readonly line?: number;
}

/** All errors in one file; the message has a line for each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];
  constructor(file: string, problems: readonly Problem[]) {
    super(problems.map((problem) => inWords(file, problem)).join("\n"));
    this.problems = problems;
  }
}

function inWords(file: string, { key, rule, value, line }: Problem): string {
  const place = `${file}${line === undefined ? "" : `:${line}`}${key === "" ? "" : ` '${key}'`}`;
  return `Cannot read ${place}: ${rule}${value === undefined ? "" : `: got ${JSON.stringify(value)}`}`;
}
