import { loadControllerConfig } from "../controller/config.js";
import { findings } from "../controller/qdisc/findings.js";
import type { Wanted } from "../controller/qdisc/host.js";
import { lookAtHost, runCommand } from "../controller/qdisc/look.js";
import { planDown, planUp, type Step } from "../controller/qdisc/plan.js";
import { Failure } from "../shared/failure.js";
import { qdiscPage } from "./qdisc-page.js";

interface Doing {
  readonly config: string;
  readonly dryRun?: boolean;
}

/** Makes the queues that a controller's configuration describes. @throws Failure where it must not, or cannot */
export function qdiscUp({
  config,
  force = false,
  dryRun = false,
}: Doing & { readonly force?: boolean }): void {
  const { wan, wanted } = load(config);
  const plan = planUp(wanted, lookAtHost(wanted), force);
  if (plan.kind === "refused")
    throw new Failure(
      `Cannot make the queues of '${wan}': ${plan.reasons.join("; ")}`,
    );
  perform(wan, plan.steps, dryRun);
  if (dryRun) return;
  // what is left to be said is said as `show` says it
  const host = lookAtHost(wanted);
  const found = findings(wanted, host);
  say(
    found.length === 0
      ? `${wan}: the queues are as configured`
      : qdiscPage(wan, wanted, host, found).join("\n"),
  );
}

/** Removes what {@link qdiscUp} made, and nothing else. @throws Failure */
export function qdiscDown({ config, dryRun = false }: Doing): void {
  const { wan, wanted } = load(config);
  const steps = planDown(lookAtHost(wanted));
  perform(wan, steps, dryRun);
  if (!dryRun) say(`${wan}: nothing of wanctl's is left`);
}

/** Prints what is there. Returns the exit code: 0 as configured, 1 not. */
export function qdiscShow({
  config,
  json = false,
}: {
  readonly config: string;
  readonly json?: boolean;
}): number {
  const { wan, wanted } = load(config);
  const host = lookAtHost(wanted);
  const found = findings(wanted, host);
  const page = json
    ? JSON.stringify({ wan, findings: found, ...host }, null, 2)
    : qdiscPage(wan, wanted, host, found).join("\n");
  process.stdout.write(`${page}\n`);
  return found.length === 0 ? 0 : 1;
}

/** @throws ConfigError, or Failure where the controller's queues are not this host's */
function load(config: string): {
  readonly wan: string;
  readonly wanted: Wanted;
} {
  const { wan, shaper, policy } = loadControllerConfig(config).values;
  if (shaper.backend !== "tc")
    throw new Failure(
      `Cannot look for queues of '${wan}': shaper.backend must be tc: got '${shaper.backend}'`,
    );
  const { devices, queue } = shaper;
  return { wan, wanted: { devices, queue, limits: policy.limits } };
}

/** Does the steps, each said as a line; when one fails, those before it are taken back. @throws Failure */
function perform(wan: string, steps: readonly Step[], dryRun: boolean): void {
  const done: Step[] = [];
  for (const step of steps) {
    say(step.run);
    if (dryRun) continue;
    const { ok, complaint } = runCommand(step.run);
    if (!ok) {
      takeBack(done);
      if (/operation not permitted/i.test(complaint))
        throw new Failure(
          `Cannot change the queues of '${wan}': must be root, or have CAP_NET_ADMIN: --dry-run only prints the commands`,
        );
      throw new Failure(
        `Cannot do '${step.run}': ${complaint}: what was done before is taken back`,
      );
    }
    done.push(step);
  }
}

const say = (words: string): void => void process.stdout.write(`${words}\n`);

function takeBack(done: readonly Step[]): void {
  for (const { undo } of done.toReversed()) {
    if (undo === null) continue;
    say(undo);
    runCommand(undo); // the next is tried whatever comes of it
  }
}
