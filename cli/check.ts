import { loadControllerConfig } from "../controller/config.js";
import { CONTROLLER_SCHEMA } from "../controller/schema.js";
import { loadRecorderConfig } from "../recorder/config.js";
import { ConfigError, type Problem } from "../shared/config-error.js";
import { openConfigFile } from "../shared/config-file.js";

/** What became of one file. */
interface Verdict {
  readonly file: string;
  readonly ok: boolean;
  readonly words: string;
  readonly problems: readonly Problem[];
}

/** Checks configuration files, opens nothing else. Returns the exit code: 0 all valid, 1 not. */
export function check(
  files: readonly string[],
  { json = false }: { readonly json?: boolean },
): number {
  const verdicts = files.map(judge);
  if (json) process.stdout.write(`${JSON.stringify(verdicts, null, 2)}\n`);
  else
    for (const { ok, words } of verdicts)
      (ok ? process.stdout : process.stderr).write(`${words}\n`);
  return verdicts.every(({ ok }) => ok) ? 0 : 1;
}

function judge(file: string): Verdict {
  try {
    const words = `${file}: configuration OK (${load(file)})`;
    return { file, ok: true, words, problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { message: words, problems } = error;
    return { file, ok: false, words, problems };
  }
}

/** Loads the file as the program would that its keys belong to, and names that program. */
function load(file: string): string {
  const keys = Object.keys(CONTROLLER_SCHEMA).filter((key) => key !== "log");
  const { document } = openConfigFile(file);
  if (!keys.some((key) => document.has(key))) {
    loadRecorderConfig(file);
    return "recorder";
  }
  return `controller ${loadControllerConfig(file).values.wan}`;
}
