import type { Command } from "commander";
import {
  derivedOf,
  loadControllerFile,
} from "../../controller/config/config.js";
import { CONTROLLER_SCHEMA } from "../../controller/config/schema.js";
import {
  derivedStorage,
  loadRecorderFile,
  RECORDER_SCHEMA,
} from "../../recorder/config.js";
import type { Derived, Loaded } from "../../shared/config/config.js";
import {
  openConfigFile,
  type Setting,
  settingOf,
} from "../../shared/config/file.js";
import { keysOf } from "../../shared/config/keys.js";
import { configFilesIn, isControllers } from "../check/judged.js";
import { COLUMNS, printable, wrapTo } from "../terminal.js";
import { example } from "./options.js";

export function declare(command: Command): void {
  command
    .addHelpText("after", example("wanctl config show"))
    .command("show")
    .description("print every effective value, and where it comes from")
    .argument("[file...]", "files, or a folder of them", ["/etc/wanctl"])
    .option("--json", "as one JSON array, including keys without a value")
    .addHelpText("after", example("wanctl config show spectrum.yaml"))
    .action((files: string[], options: { json?: true }) =>
      configShow(files, options),
    );
}

/** Where a value comes from. */
export type Origin =
  | ({ readonly kind: "file" } & Setting)
  | { readonly kind: "derived"; readonly from: string }
  | { readonly kind: "default" };

export interface Effective {
  readonly key: string;
  /** Null if there is none. */
  readonly value: unknown;
  readonly origin: Origin;
}

/** A file's effective configuration: every key, secrets masked. */
export interface Page {
  readonly file: string;
  readonly program: string;
  readonly keys: readonly Effective[];
}

/** @throws ConfigError */
export function effective(file: string): Page {
  if (!isControllers(file)) {
    const loaded = loadRecorderFile(file);
    const derived = derivedStorage(loaded.values);
    const keys = keysIn(file, RECORDER_SCHEMA, loaded, derived);
    return { file, program: "recorder", keys };
  }
  const loaded = loadControllerFile(file);
  const { wan } = loaded.values;
  const keys = keysIn(
    file,
    CONTROLLER_SCHEMA,
    loaded,
    derivedOf(loaded.values),
  );
  return { file, program: `controller ${wan}`, keys };
}

function keysIn(
  file: string,
  schema: object,
  { values, shown }: Loaded<object>,
  derived: Derived,
): Effective[] {
  const source = openConfigFile(file);
  return keysOf(schema).map(({ key }) => {
    // `shown` masks even a secret that is not set
    const value = at(values, key) === null ? null : at(shown, key);
    const setting = settingOf(source, key);
    if (setting !== null && value !== null)
      return { key, value, origin: { kind: "file", ...setting } };
    const follows = derived[key];
    return follows !== undefined && value === null
      ? {
          key,
          value: follows.value,
          origin: { kind: "derived", from: follows.from },
        }
      : { key, value, origin: { kind: "default" } };
  });
}

const at = (tree: unknown, key: string): unknown =>
  key
    .split(".")
    .reduce<unknown>(
      (value, step) => (value as Record<string, unknown>)[step],
      tree,
    );

/** Prints the effective values of files, and where they come from. @throws ConfigError */
export function configShow(
  paths: readonly string[],
  { json = false }: { json?: boolean },
): void {
  const pages = configFilesIn(paths).map(effective);
  const text = json
    ? JSON.stringify(pages, null, 2)
    : pages.map((page) => linesOf(page).join("\n")).join("\n\n");
  process.stdout.write(`${text}\n`);
}

/** Keys without a value are left out. */
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

/** The last part of `from`; if `key` ends in it too, the part before. */
function shortened(key: string, from: string): string {
  const [group = from, name = group] = from.split(".");
  return key.endsWith(`.${name}`) ? group : name;
}
