import type { Command } from "commander";
import { backendOf } from "../../controller/shapers/backends.js";
import type { Problem } from "../../shared/config/error.js";
import { clashes } from "../check/between.js";
import {
  AS_WRITTEN,
  complaint,
  configFilesIn,
  examine,
  type ExaminedFile,
  type Look,
  type Names,
  namesHere,
} from "../check/judged.js";
import { printable, wrap } from "../terminal.js";
import { example } from "./options.js";

export function declare(command: Command): void {
  command
    .argument(
      "<file...>",
      "configuration of a controller or the recorder, or a folder of them",
    )
    .option(
      "--live",
      "also check what they refer to: router or queues, reflectors, routes, disk",
    )
    .option("--json", "results as one JSON array")
    .addHelpText(
      "after",
      example("wanctl check /etc/wanctl", "wanctl check --live att.yaml"),
    )
    .action(async (files: string[], options: { live?: true; json?: true }) => {
      process.exitCode = await check(files, options);
    });
}

/** The result for one file, or for the host. */
interface Verdict {
  readonly file: string;
  readonly ok: boolean;
  readonly words: string;
  readonly problems: readonly Problem[];
}

/**
 * Checks configuration files, each by itself and for conflicts. With `live` also checks what they refer to.
 * @returns the exit code: 0 all valid, 1 not
 */
export async function check(
  paths: readonly string[],
  { json = false, live = false }: { json?: boolean; live?: boolean },
): Promise<number> {
  const judged = configFilesIn(paths).map(examine);
  const names = live ? await namesHere(judged) : AS_WRITTEN;
  const found = clashes(judged, names);
  const verdicts: Verdict[] = [];
  for (const one of judged) {
    const among = found.filter(({ file }) => file === one.file);
    const verdict = verdictOf(
      one,
      among.map(({ problem }) => problem),
    );
    verdicts.push(live ? looked(verdict, await looksAt(one, names)) : verdict);
  }
  if (live) verdicts.push(await lookedAtHost(judged));
  if (json) process.stdout.write(`${JSON.stringify(verdicts, null, 2)}\n`);
  else
    for (const { ok, words } of verdicts)
      (ok ? process.stdout : process.stderr).write(`${words}\n`);
  return verdicts.every(({ ok }) => ok) ? 0 : 1;
}

function verdictOf(
  judged: ExaminedFile,
  clashing: readonly Problem[],
): Verdict {
  const { file, kind } = judged;
  const wrong = complaint(judged, clashing);
  if (wrong !== null) return { file, ok: false, ...wrong };
  const name = kind === "controller" ? `${kind} ${judged.keys.wan}` : kind;
  const words = `${file}: configuration OK (${name})`;
  return { file, ok: true, words, problems: [] };
}

/** Live checks of what a file refers to. */
async function looksAt(judged: ExaminedFile, names: Names): Promise<Look[]> {
  if (judged.kind === "unreadable" || judged.config === null) return [];
  switch (judged.kind) {
    case "recorder": {
      const { lookAtHistory } = await import("../check/host.js");
      return [lookAtHistory(judged.config.dbPath)];
    }
    case "controller": {
      const { config } = judged;
      const { lookAtShaper } = await import("../check/host.js");
      const shaper = await lookAtShaper(config);
      if (backendOf(config.shaper).isSimulated) return [shaper];
      const { lookAtProbes } = await import("../check/probes.js");
      const { lookAtCheckpoint } = await import("../check/host.js");
      return [
        shaper,
        lookAtProbes(config, names),
        ...(config.checkpointFile === null
          ? []
          : [lookAtCheckpoint(config.checkpointFile)]),
      ];
    }
  }
}

async function lookedAtHost(judged: readonly ExaminedFile[]): Promise<Verdict> {
  const { lookAtClock } = await import("../check/host.js");
  const files = judged.filter(({ kind }) => kind !== "unreadable");
  const host = {
    file: "this host",
    ok: true,
    words: "this host",
    problems: [],
  };
  return looked(host, [lookAtClock(files.map(({ file }) => file))]);
}

/** Adds the results of live checks to a verdict. */
const looked = (verdict: Verdict, looks: readonly Look[]): Verdict => {
  const problems = looks.flatMap((look) => look.problems);
  return {
    ...verdict,
    ok: verdict.ok && problems.length === 0,
    words: [verdict.words, ...looks.flatMap(linesOf)].join("\n"),
    problems: [...verdict.problems, ...problems],
  };
};

const linesOf = ({ is, problems }: Look): string[] => [
  ...wrap("  ", printable(is)),
  ...problems.flatMap(({ key, rule, value }) => {
    const got = value === undefined ? "" : `: got ${JSON.stringify(value)}`;
    const place = key === "shaper" || key === "clock" ? "" : `'${key}': `;
    return wrap("  ! ", printable(`${place}${rule}${got}`));
  }),
];
