import {
  loadControllerConfig,
  type ControllerConfig,
} from "../controller/config.js";
import { CONTROLLER_SCHEMA } from "../controller/schema.js";
import { loadRecorderConfig } from "../recorder/config.js";
import { ConfigError, type Problem } from "../shared/config-error.js";
import { openConfigFile } from "../shared/config-file.js";
import { reasonOf } from "../shared/failure.js";
import { printable, wrap } from "./terminal.js";

/** What became of one file. */
interface Verdict {
  readonly file: string;
  readonly ok: boolean;
  readonly words: string;
  readonly problems: readonly Problem[];
  /** The controller's configuration, where it is one and valid. */
  readonly wan: ControllerConfig | null;
}

/**
 * Checks configuration files. With `live` the routers and queues they name are looked at too; else nothing is opened.
 * Returns the exit code: 0 all valid, 1 not.
 */
export async function check(
  files: readonly string[],
  { json = false, live = false }: { json?: boolean; live?: boolean },
): Promise<number> {
  const verdicts: Verdict[] = [];
  for (const file of files)
    verdicts.push(await (live ? judgeLive(file) : judge(file)));
  const shown = verdicts.map(({ file, ok, words, problems }) => ({
    file,
    ok,
    words,
    problems,
  }));
  if (json) process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  else
    for (const { ok, words } of verdicts)
      (ok ? process.stdout : process.stderr).write(`${words}\n`);
  return verdicts.every(({ ok }) => ok) ? 0 : 1;
}

function judge(file: string): Verdict {
  try {
    const { name, wan } = load(file);
    const words = `${file}: configuration OK (${name})`;
    return { file, ok: true, words, problems: [], wan };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { message: words, problems } = error;
    return { file, ok: false, words, problems, wan: null };
  }
}

async function judgeLive(file: string): Promise<Verdict> {
  const verdict = judge(file);
  if (verdict.wan === null) return verdict;
  const { lookAt } = await import("./live.js");
  const { is, warnings } = await lookAt(verdict.wan).catch(
    (error: unknown) => ({ is: "cannot look", warnings: [reasonOf(error)] }),
  );
  const found = warnings.flatMap((warning) => wrap("  ! ", printable(warning)));
  return {
    ...verdict,
    ok: warnings.length === 0,
    words: [verdict.words, ...wrap("  ", printable(is)), ...found].join("\n"),
    problems: warnings.map((rule) => ({
      key: "shaper",
      rule,
      value: undefined,
    })),
  };
}

/** Loads the file as the program would that its keys belong to, and names that program. */
function load(file: string): {
  readonly name: string;
  readonly wan: ControllerConfig | null;
} {
  const keys = Object.keys(CONTROLLER_SCHEMA).filter((key) => key !== "log");
  const { document } = openConfigFile(file);
  if (!keys.some((key) => document.has(key))) {
    loadRecorderConfig(file);
    return { name: "recorder", wan: null };
  }
  const wan = loadControllerConfig(file).values;
  return { name: `controller ${wan.wan}`, wan };
}
