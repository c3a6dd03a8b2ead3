import { resolve } from "node:path";
import type { Schema } from "convict";
import { loadConfig, type Loaded } from "../shared/config.js";
import type { LogFormat } from "../shared/log.js";

export interface RecorderConfig {
  /** The history, an absolute path. */
  readonly dbPath: string;
  readonly logFormat: LogFormat;
}

interface File {
  storage: { db_path: string };
  log: { format: string };
}

/** The keys of the recorder's file; the one source of validation, defaults and documentation. */
export const RECORDER_SCHEMA: Schema<File> = {
  storage: {
    db_path: {
      doc: "the database, on a local file system; a relative path is relative to the working directory",
      format: "text",
      default: "/var/lib/wanctl/metrics.db",
    },
  },
  log: {
    format: {
      doc: "text for people, json for machines",
      format: "text",
      values: ["text", "json"],
      default: "text",
    },
  },
};

/** Reads the recorder's file. @throws ConfigError */
export function loadRecorderConfig(file: string): Loaded<RecorderConfig> {
  const { values, shown } = loadConfig(file, RECORDER_SCHEMA, () => []);
  return {
    values: {
      dbPath: resolve(values.storage.db_path),
      logFormat: values.log.format as LogFormat,
    },
    shown,
  };
}
