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
}

/** A verdict, and the controller's configuration where it is one and valid. */
interface Judged {
  readonly verdict: Verdict;
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
  for (const file of files) {
    const { verdict, wan } = judge(file);
    verdicts.push(live && wan !== null ? await looked(verdict, wan) : verdict);
  }
  if (json) process.stdout.write(`${JSON.stringify(verdicts, null, 2)}\n`);
  else
    for (const { ok, words } of verdicts)
      (ok ? process.stdout : process.stderr).write(`${words}\n`);
  return verdicts.every(({ ok }) => ok) ? 0 : 1;
}

function judge(file: string): Judged {
  try {
    const { name, wan } = load(file);
    const words = `${file}: configuration OK (${name})`;
    return { verdict: { file, ok: true, words, problems: [] }, wan };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { message: words, problems } = error;
    return { verdict: { file, ok: false, words, problems }, wan: null };
  }
}

/** The verdict once the router or the queues were looked at too. */
async function looked(
  verdict: Verdict,
  wan: ControllerConfig,
): Promise<Verdict> {
  const { lookAt } = await import("./live.js");
  const { is, warnings } = await lookAt(wan).catch((error: unknown) => ({
    is: "cannot look",
    warnings: [reasonOf(error)],
  }));
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
