import { loadControllerFile } from "../../controller/config/config.js";
import { derivedOf } from "../../controller/config/derived.js";
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
import { isControllers } from "../check/judged.js";

/** Where a value comes from. */
export type Origin =
  | ({ readonly kind: "file" } & Setting)
  | { readonly kind: "derived"; readonly from: string }
  | { readonly kind: "default" };

export interface Effective {
  readonly key: string;
  /** Null where there is none. */
  readonly value: unknown;
  readonly origin: Origin;
}

/** What a program makes of its file: every key, secrets masked. */
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
    // what is shown masks even a secret that is not there
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
