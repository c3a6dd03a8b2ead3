import { readdirSync, readFileSync } from "node:fs";
import { openRandom } from "../../controller/simulation/random.js";
import { Database } from "../../recorder/store/connection.js";
import { msSince, systemClock } from "../../shared/runtime/clock.js";
import { lacking } from "../bed/kernel.js";
import { spreadOf } from "../bed/spread.js";
import { childrenOf } from "../processes.js";
import { isPossible, LASTING } from "./line-troubles/list.js";
import { play } from "./line-troubles/play.js";
import { restartWith } from "./line-troubles/processes.js";
import { openStage, type Stage } from "./line-troubles/stage.js";

/**
 * One controller and one recorder through troubles at random: nobody ends, nothing grows, and every trouble is told.
 * Root. The same seed brings the same troubles in the same order. Exit status 0 if all is as it should be.
 *
 *   npm ci && npm run build && node dist/test/acceptance/soak.js [MINUTES] [SEED]
 *
 * On a kernel of its own, with all troubles: E2E_SHAPING=cake and BED=1 in its environment.
 */

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

/** What a process may have grown by from the second quarter to the last, as a part of it. */
const GROWTH_MAX: Readonly<Record<keyof Held, number>> = {
  ...{ rssMb: 0.05, files: 0, children: 0 },
};

/** As in the unit, and with a ring that has touched all its memory before the second quarter begins: 2 minutes each MB. */
const SETTINGS = {
  NODE_OPTIONS: "--max-semi-space-size=2",
  REPLAY_MINUTES: "2",
  REPLAY_MB: "1",
};

/** As in its unit. */
const RECORDER_SETTINGS = { NODE_OPTIONS: "--max-semi-space-size=1" };

/** The medians of the second quarter and of the last. */
function growth(held: readonly Held[], what: keyof Held) {
  const quarter = Math.ceil(held.length / 4);
  const middle = (some: readonly Held[]) =>
    spreadOf(some.map((one) => one[what])).p50;
  const from = middle(held.slice(quarter, 2 * quarter));
  const to = middle(held.slice(-quarter));
  const isLevel = to <= from * (1 + GROWTH_MAX[what]);
  const words = `${what} ${from.toFixed(0)} -> ${to.toFixed(0)}`;
  return { isLevel, words: isLevel ? words : `${words} GROWS` };
}

/** Tells how much each process holds; whether none grows. */
function tellGrowth(held: Readonly<Record<string, readonly Held[]>>): boolean {
  let isLevel = true;
  for (const [who, all] of Object.entries(held)) {
    const told = (["rssMb", "files", "children"] as const).map((what) =>
      growth(all, what),
    );
    console.log(`${who}: ${told.map(({ words }) => words).join(", ")}`);
    isLevel &&= told.every((each) => each.isLevel);
  }
  return isLevel;
}

/** How many gaps its history has; tells each. */
async function gapsIn({
  system,
  controller,
  recorder,
}: Stage): Promise<number> {
  await controller().stop();
  await recorder().stop();
  const db = new Database(system.database, { readonly: true });
  const gaps = db.prepare("select * from gap").all();
  db.close();
  for (const gap of gaps) console.log(`gap: ${JSON.stringify(gap)}`);
  return gaps.length;
}

async function main([
  minutes = "10",
  seed = "1",
]: readonly string[]): Promise<number> {
  const reasons = lacking();
  if (reasons.length > 0)
    throw new Error(`Cannot build a test line: ${reasons.join(", ")}`);
  const random = openRandom(Number(seed), "soak");
  const possible = LASTING.filter(isPossible);
  await using stage = await openStage();
  const { controller, recorder } = stage;
  await restartWith(stage, SETTINGS);
  await recorder().stop();
  await stage.startRecorder(RECORDER_SETTINGS);
  const held = { controller: [] as Held[], recorder: [] as Held[] };
  const begun = systemClock.mono();
  const spentMs = () => msSince(begun, systemClock.mono());
  let played = 0;
  let bad = 0;
  let events = 0;
  let tellAtMs = TELL_MS;
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
    const at = `${(spentMs() / 60_000).toFixed(1)} min`;
    if (outcome.faults.length > 0) {
      bad++;
      console.log(`${at}, ${trouble.what}: ${outcome.faults.join("; ")}`);
    }
    if (spentMs() < tellAtMs) continue;
    tellAtMs += TELL_MS;
    console.log(`${at}: ${played} troubles, ${bad} not as they should be`);
  }
  console.log(
    `${(spentMs() / 60_000).toFixed(1)} min, seed ${seed}: ${played} troubles, ${bad} not as they should be, ${events} events, nobody ended`,
  );
  const isLevel = tellGrowth(held);
  const { refused } = stage.heard;
  const gaps = await gapsIn(stage);
  console.log(
    `${refused.length} messages refused, ${gaps} gaps in the history`,
  );
  return isLevel && bad + refused.length + gaps === 0 ? 0 : 1;
}

/** A sign of life, so often. */
const TELL_MS = 5 * 60_000;

process.exit(await main(process.argv.slice(2)));
