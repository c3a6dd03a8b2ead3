import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import type { Command } from "commander";
import { gates, gatesInWords } from "../../lab/gates.js";
import {
  type LineTrace,
  readLineTrace,
  traceScenarios,
} from "../../lab/line-trace.js";
import { POLICIES } from "../../lab/policies/policies.js";
import { WANCTL } from "../../lab/policies/wanctl.js";
import { page } from "../../lab/report/page.js";
import { SCENARIOS } from "../../lab/scenarios.js";
import { measure, rank } from "../../lab/score.js";
import { table } from "../../lab/table.js";
import { tasks } from "../../lab/tasks.js";
import { performAll } from "../../lab/worker-pool.js";
import { Failure, plainReason } from "../../shared/runtime/failure.js";
import { demandWritable, readText } from "../../shared/runtime/files.js";
import { collect, example, positive } from "./options.js";

export function declare(command: Command): void {
  command
    .option("--scenario <ids>", "only these, such as S0,S1 (default: all)")
    .option(
      "--trace <file>",
      "play this recorded line, besides those named; repeatable",
      collect,
    )
    .option(
      "--policy <names>",
      "only these, such as oracle,wanctl (default: all)",
    )
    .option("--seeds <n>", "number of random seeds per scenario", positive, 20)
    .option("--json", "rankings and all runs as one JSON object")
    .option("--report <file>", "also write an HTML page with plots")
    .addHelpText(
      "after",
      example(
        "wanctl lab --scenario S0,S1 --seeds 3",
        "wanctl lab --trace Verizon-LTE-short.down --seeds 3",
      ),
    )
    .action((options: LabOptions) => lab(options));
}

export interface LabOptions {
  readonly scenario?: string;
  readonly trace?: readonly string[];
  readonly policy?: string;
  readonly seeds: number;
  readonly json?: true;
  readonly report?: string;
}

/**
 * Runs policies in scenarios and prints how they compare.
 * @throws Failure if a name does not exist, a trace cannot be read or the report cannot be written
 */
export async function lab(options: LabOptions): Promise<void> {
  const traces = (options.trace ?? []).map(readTrace);
  const scenarios = [
    ...(options.scenario === undefined && traces.length > 0
      ? []
      : chosen("scenario", options.scenario, SCENARIOS, "id")),
    ...traceScenarios(traces),
  ];
  const policies = chosen("policy", options.policy, POLICIES, "name");
  const { seeds, report: file } = options;
  if (file !== undefined) demandWritable(file);
  const todo = tasks(scenarios, policies, seeds, file !== undefined);
  const outcomes = await performAll(todo, traces, (done) => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r${done}/${todo.length} runs`);
  });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  const measures = measure(outcomes);
  const rankings = rank(measures);
  const results = gates(measures, WANCTL.name);
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ seeds, standings: rankings, gates: results, measures })}\n`
      : `${table(rankings, scenarios, seeds)}\n${gatesInWords(results)}`,
  );
  if (file !== undefined)
    writeFileSync(
      file,
      page({ seeds, scenarios, rankings, results, outcomes }),
    );
}

function readTrace(file: string): LineTrace {
  try {
    return readLineTrace(basename(file), readText(file));
  } catch (error) {
    throw new Failure(`Cannot read '${file}': ${plainReason(error)}`);
  }
}

/** Those named, in the order of all; all where none is named. */
function chosen<K extends string, T extends Readonly<Record<K, string>>>(
  what: string,
  names: string | undefined,
  all: readonly T[],
  key: K,
): readonly T[] {
  if (names === undefined) return all;
  const wanted = names.split(",");
  const unknown = wanted.find((name) => !all.some((one) => one[key] === name));
  if (unknown !== undefined)
    throw new Failure(
      `Cannot find the ${what} '${unknown}': must be one of ${all.map((one) => one[key]).join(", ")}`,
    );
  return all.filter((one) => wanted.includes(one[key]));
}
