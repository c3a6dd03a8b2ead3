import { closest, distance } from "fastest-levenshtein";

/** The known word nearest to a misspelt one; null if none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  const best = closest(word, known);
  return distance(word, best) <= Math.max(2, word.length / 3) ? best : null;
}

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

function inWords(file: string, { key, rule, value, line }: Problem): string {
  const place = `${file}${line === undefined ? "" : `:${line}`}${key === "" ? "" : ` '${key}'`}`;
  return `Cannot read ${place}: ${rule}${value === undefined ? "" : `: got ${JSON.stringify(value)}`}`;
}
