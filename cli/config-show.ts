import { filesOf } from "./check/files.js";
import {
  effective,
  type Effective,
  type Origin,
  type Page,
} from "./config/effective.js";
import { COLUMNS, printable, wrapTo } from "./terminal.js";

/** Prints what programs make of their files: every value, and where it comes from. @throws ConfigError */
export function configShow(
  paths: readonly string[],
  { json = false }: { json?: boolean },
): void {
  const pages = filesOf(paths).map(effective);
  const text = json
    ? JSON.stringify(pages, null, 2)
    : pages.map((page) => linesOf(page).join("\n")).join("\n\n");
  process.stdout.write(`${text}\n`);
}

/** Keys without a value are left out: there is nothing to say of them. */
function linesOf({ file, program, keys }: Page): string[] {
  const rows = keys.filter(({ value }) => value !== null);
  const widest = Math.max(...rows.map(({ key }) => key.length));
  return [`${file}  ${program}`, ...rows.flatMap((row) => lineOf(row, widest))];
}

const ORIGIN_COLUMNS = 22;

function lineOf({ key, value, origin }: Effective, widest: number): string[] {
  const head = `  ${key.padEnd(widest)}  `;
  const [first = "", ...more] = wrapTo(
    COLUMNS - ORIGIN_COLUMNS,
    head,
    printable(wordsOf(value)),
  );
  return [
    `${first.padEnd(COLUMNS - ORIGIN_COLUMNS)}  ${sourceOf(key, origin)}`,
    ...more,
  ];
}

const wordsOf = (value: unknown): string =>
  Array.isArray(value) ? value.join(", ") : String(value);

function sourceOf(key: string, origin: Origin): string {
  switch (origin.kind) {
    case "default":
      return "default";
    case "derived":
      return `by ${shortened(key, origin.from)}`;
    case "file":
      return `line ${origin.line}${origin.isFromEnvironment ? ", environment" : ""}`;
  }
}

/** The last word of a key's name; where that is the other key's too, the word before. */
function shortened(key: string, from: string): string {
  const [group = from, name = group] = from.split(".");
  return key.endsWith(`.${name}`) ? group : name;
}
