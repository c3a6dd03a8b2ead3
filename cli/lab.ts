import { Failure } from "../shared/failure.js";
import { tasks } from "../lab/contest.js";
import { performAll } from "../lab/crew.js";
import { POLICIES } from "../lab/policies/roster.js";
import { rank } from "../lab/ranking.js";
import { SCENARIOS } from "../lab/scenarios.js";
import { table } from "../lab/table.js";

export interface LabOptions {
  readonly scenario?: string;
  readonly policy?: string;
  readonly seeds: number;
  readonly json?: true;
  readonly report?: string;
}

/**
 * Lets policies play scenarios and prints how they fared.
 * @throws Failure at a name that does not exist
 */
export async function lab(options: LabOptions): Promise<void> {
  const scenarios = chosen("scenario", options.scenario, SCENARIOS, "id");
  const policies = chosen("policy", options.policy, POLICIES, "name");
  const todo = tasks(scenarios, policies, options.seeds);
  const outcomes = await performAll(todo, (done) => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r${done}/${todo.length} runs`);
  });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  const standings = rank(outcomes);
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ seeds: options.seeds, standings, outcomes })}\n`
      : table(standings, options.seeds),
  );
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
