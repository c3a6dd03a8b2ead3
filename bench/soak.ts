/**
 * One controller and one recorder through troubles at random: nobody ends, nothing grows, and every trouble is told.
 * Root. The same seed brings the same troubles in the same order.
 *
 *   node dist/bench/soak.js [MINUTES] [SEED]
 */
import Database from "better-sqlite3";
import { readdirSync, readFileSync } from "node:fs";
import { openRandom } from "../controller/simulation/random.js";
import { since, systemClock } from "../shared/clock.js";
import { lacking } from "../test/e2e/kernel.js";
import { spreadOf } from "../test/e2e/spread.js";
import { isPossible, LASTING } from "./line-troubles/list.js";
import { play } from "./line-troubles/play.js";
import { childrenOf, openStage, type Stage } from "./line-troubles/stage.js";

/** What a process holds. */
interface Held {
  readonly rssMb: number;
  readonly files: number;
  readonly children: number;
}

function heldBy(pid: number): Held {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const [, rssKb] = /^VmRSS:\s+(\d+)/m.exec(status) ?? [];
  return {
    rssMb: Number(rssKb) / 1024,
    files: readdirSync(`/proc/${pid}/fd`).length,
    children: childrenOf(pid).length,
  };
}

/** The medians of the first quarter and of the last. */
function growth(held: readonly Held[], what: keyof Held): string {
  const quarter = Math.ceil(held.length / 4);
  const middle = (some: readonly Held[]) =>
    spreadOf(some.map((one) => one[what])).p50.toFixed(0);
  return `${what} ${middle(held.slice(0, quarter))} -> ${middle(held.slice(-quarter))}`;
}

async function gapsIn({
  system,
  controller,
  recorder,
}: Stage): Promise<number> {
  await controller().stop();
  await recorder().stop();
  const db = new Database(system.database, { readonly: true });
  const gaps = db.prepare("select count(*) from gap").pluck().get() as number;
  db.close();
  return gaps;
}

async function main([minutes = "10", seed = "1"]: readonly string[]) {
  const reasons = lacking();
  if (reasons.length > 0)
    throw new Error(`Cannot build a test line: ${reasons.join(", ")}`);
  const random = openRandom(Number(seed), "soak");
  const possible = LASTING.filter(isPossible);
  await using stage = await openStage();
  const { controller, recorder } = stage;
  const held = { controller: [] as Held[], recorder: [] as Held[] };
  const begun = systemClock.mono();
  const spentMs = () => since(begun, systemClock.mono());
  let played = 0;
  let bad = 0;
  let events = 0;
  while (spentMs() < Number(minutes) * 60_000) {
    const trouble = possible[Math.floor(random.uniform() * possible.length)];
    if (trouble === undefined) throw new Error("No trouble is possible here");
    const outcome = await play(stage, trouble);
    if (controller().hasEnded || recorder().hasEnded)
      throw new Error(`Ended in '${trouble.what}': ${controller().said()}`);
    played++;
    events += outcome.events.length;
    held.controller.push(heldBy(controller().pid));
    held.recorder.push(heldBy(recorder().pid));
    if (outcome.faults.length === 0) continue;
    bad++;
    const at = (spentMs() / 60_000).toFixed(1);
    console.log(`${at} min, ${trouble.what}: ${outcome.faults.join("; ")}`);
  }
  console.log(
    `${(spentMs() / 60_000).toFixed(1)} min, seed ${seed}: ${played} troubles, ${bad} not as they should be, ${events} events, nobody ended`,
  );
  for (const [who, all] of Object.entries(held))
    console.log(
      `${who}: ${growth(all, "rssMb")}, ${growth(all, "files")}, ${growth(all, "children")}`,
    );
  console.log(
    `${stage.heard.refused.length} messages refused, ${await gapsIn(stage)} gaps in the history`,
  );
}

await main(process.argv.slice(2));
process.exit();
