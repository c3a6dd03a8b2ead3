import { traceOf } from "./measure.js";
import { POLICIES } from "./policies/policies.js";
import type { LabPolicy } from "./policy.js";
import { play } from "./run.js";
import type { Scenario } from "./scenario.js";
import { SCENARIOS } from "./scenarios.js";
import { type TaskResult, score, type Task } from "./score.js";

export const scenarioOf = (id: string, among = SCENARIOS): Scenario =>
  found(among, id, (scenario) => scenario.id);

export const policyOf = (name: string): LabPolicy =>
  found(POLICIES, name, (policy) => policy.name);

function found<T>(all: readonly T[], name: string, nameOf: (t: T) => string) {
  const one = all.find((each) => nameOf(each) === name);
  if (one === undefined) throw new Error(`no such name: ${name}`);
  return one;
}

/** Every policy in every scenario with seeds 1, 2, ...; optionally with a trace of the first. */
export const tasks = (
  scenarios: readonly Scenario[],
  policies: readonly LabPolicy[],
  seeds: number,
  isTraced: boolean,
): readonly Task[] =>
  scenarios.flatMap(({ id }) =>
    policies.flatMap(({ name }) =>
      Array.from({ length: seeds }, (_, i) => ({
        scenario: id,
        policy: name,
        seed: i + 1,
        isTraced: isTraced && i === 0,
      })),
    ),
  );

export function perform(task: Task, among = SCENARIOS): TaskResult {
  const scenario = scenarioOf(task.scenario, among);
  const run = play(scenario, policyOf(task.policy), task.seed);
  return {
    ...task,
    score: score(run, scenario),
    trace: task.isTraced ? traceOf(run, scenario) : null,
  };
}
