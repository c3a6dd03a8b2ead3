import { basename } from "node:path";
import {
  loadControllerConfig,
  type ControllerConfig,
} from "../../controller/config.js";
import { CONTROLLER_SCHEMA } from "../../controller/schema.js";
import {
  loadRecorderConfig,
  type RecorderConfig,
} from "../../recorder/config.js";
import { ConfigError, type Problem } from "../../shared/config-error.js";
import { contentOf, openConfigFile } from "../../shared/config-file.js";

/** What became of one file: whose it is, or all that is wrong with it. */
export type Judged = { readonly file: string } & (
  | { readonly kind: "controller"; readonly config: ControllerConfig }
  | { readonly kind: "recorder"; readonly config: RecorderConfig }
  | {
      readonly kind: "invalid";
      readonly words: string;
      readonly problems: readonly Problem[];
    }
);

/** Reads the file as the program would that its keys belong to. */
export function judge(file: string): Judged {
  try {
    return isControllers(file)
      ? { file, kind: "controller", config: loadControllerConfig(file).values }
      : { file, kind: "recorder", config: loadRecorderConfig(file).values };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { message: words, problems } = error;
    return { file, kind: "invalid", words, problems };
  }
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
