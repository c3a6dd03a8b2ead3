import { readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import {
  controllerConfig,
  type ControllerConfig,
  examineControllerFile,
} from "../../controller/config/config.js";
import {
  CONTROLLER_SCHEMA,
  type File,
} from "../../controller/config/schema.js";
import {
  examineRecorderFile,
  recorderConfig,
  type RecorderConfig,
  type File as RecorderFile,
} from "../../recorder/config.js";
import { tellable } from "../../shared/config/config.js";
import { ConfigError, type Problem } from "../../shared/config/error.js";
import { contentOf, openConfigFile, placed } from "../../shared/config/file.js";
import { Failure } from "../../shared/runtime/failure.js";
import { nobodys } from "./probes.js";

/** The files that are meant: of a folder its YAML files, in order. None twice. @throws Failure where a folder has none */
export function filesOf(paths: readonly string[]): string[] {
  const files = paths.flatMap((path) => (isFolder(path) ? within(path) : path));
  const byPlace = new Map(files.map((file) => [resolve(file), file]));
  return [...byPlace.values()];
}

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function within(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  if (names.length === 0)
    throw new Failure(`Cannot check '${folder}': it holds no .yaml file`);
  return names.sort().map((name) => join(folder, name));
}

/** Something looked at now: what it is, and what keeps it from working. */
export interface Look {
  readonly is: string;
  readonly problems: readonly Problem[];
}

/** What became of one file: whose it is, and all that is wrong with it by itself. */
export type Judged = {
  readonly file: string;
  readonly problems: readonly Problem[];
} & (
  | {
      readonly kind: "controller";
      /** As they stand there; one that is wrong throws. */
      readonly keys: File;
      /** Null where something is wrong. */
      readonly config: ControllerConfig | null;
    }
  | {
      readonly kind: "recorder";
      readonly keys: RecorderFile;
      readonly config: RecorderConfig | null;
    }
  | { readonly kind: "unreadable"; readonly words: string }
);

/** Reads the file as the program would that its keys belong to. */
export function judge(file: string): Judged {
  try {
    return isControllers(file) ? controllers(file) : recorders(file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { message: words, problems } = error;
    return { file, kind: "unreadable", words, problems };
  }
}

function controllers(file: string): Judged {
  const { values: keys, problems: found } = examineControllerFile(file);
  const problems = [
    ...found,
    ...tellable([
      () =>
        keys.shaper.backend === "simulated"
          ? []
          : nobodys(keys.probe.reflectors),
    ]),
  ];
  const config = problems.length === 0 ? controllerConfig(keys) : null;
  return { file, kind: "controller", keys, config, problems };
}

function recorders(file: string): Judged {
  const { values: keys, problems } = examineRecorderFile(file);
  const config = problems.length === 0 ? recorderConfig(keys) : null;
  return { file, kind: "recorder", keys, config, problems };
}

/** A file with a controller's keys is a controller's, any other the recorder's. @throws ConfigError */
export function isControllers(file: string): boolean {
  const keys = Object.keys(CONTROLLER_SCHEMA).filter((key) => key !== "log");
  const content = contentOf(openConfigFile(file), file);
  if (content === null)
    throw new ConfigError(basename(file), [
      { key: "", rule: "must hold keys: the file is empty" },
    ]);
  return keys.some((key) => Object.hasOwn(Object(content) as object, key));
}

/** All that is wrong with a file, and what clashes with others; null where nothing is. */
export function complaint(
  judged: Judged,
  clashing: readonly Problem[] = [],
): { readonly words: string; readonly problems: readonly Problem[] } | null {
  const { file, kind, problems } = judged;
  if (kind === "unreadable") return { words: judged.words, problems };
  const all = placed(openConfigFile(file), [...problems, ...clashing]);
  return all.length === 0
    ? null
    : { words: new ConfigError(basename(file), all).message, problems: all };
}
