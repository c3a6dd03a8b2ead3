import { ALWAYS } from "../controller/simulation/traffic.js";
import { WANCTL, WANCTL_OWD } from "../lab/policies/wanctl.js";
import { play, type LabRun } from "../lab/run.js";
import type { Scenario } from "../lab/scenario.js";
import { SCENARIOS } from "../lab/scenarios.js";
import { mbit } from "../shared/contract/units.js";

/**
 * A night without a user, with late and lost replies, and the download that ends it:
 *
 *     node dist/bench/night.js [HOURS] [SEEDS]
 *
 * The line is S7 of the lab, with pages and calls now and then. Of the night: the rates, and how often they were cut.
 * Of the download: what each of its first seconds carried, and how late a call's packets came. Virtual time.
 */
const AFTER_MS = 10_000;

const [hours = "8", seeds = "3"] = process.argv.slice(2);
const wakesMs = Number(hours) * 3_600_000;

function night(): Scenario {
  const idle = SCENARIOS.find(({ id }) => id === "S7");
  if (idle === undefined) throw new Error("the lab has no S7");
  const bulk = {
    ...ALWAYS,
    flows: 4,
    congestion: "cubic",
    fromMs: wakesMs,
  } as const;
  return {
    ...idle,
    seconds: (wakesMs + AFTER_MS) / 1000,
    loaded: ["download"],
    plan: { ...idle.plan, download: { ...idle.plan.download, bulk } },
  };
}

const share = (sorted: readonly number[], part: number): number =>
  sorted[Math.floor(part * (sorted.length - 1))] ?? NaN;

const cell = (value: number) => value.toFixed(1).padStart(8);

function asleep({ bins }: LabRun) {
  const night = bins.filter(
    ({ atMs }) => atMs >= scene.scoredFromMs && atMs < wakesMs,
  );
  for (const direction of ["download", "upload"] as const) {
    const steps = night.slice(1).map(({ rateBps }, index) => {
      const before = night[index]?.rateBps[direction] ?? NaN;
      return rateBps[direction] / before - 1;
    });
    const cuts = steps.filter((step) => step < -0.005).length;
    const moves = steps.filter((step) => step !== 0).length;
    const all = night
      .map(({ rateBps }) => rateBps[direction] / mbit(1))
      .sort((a, b) => a - b);
    console.log(
      `  ${direction.padEnd(8)} Mbit/s, least/p1/median/most` +
        [0, 0.01, 0.5, 1].map((part) => cell(share(all, part))).join("") +
        `; cuts an hour ${(cuts / Number(hours)).toFixed(2)}, changes ${(moves / Number(hours)).toFixed(1)}`,
    );
  }
}

function awake({ bins, callPackets }: LabRun) {
  for (const second of [0, 1, 2, 4, 9]) {
    const fromMs = wakesMs + second * 1000;
    const isIn = (atMs: number) => atMs >= fromMs && atMs < fromMs + 1000;
    const during = bins.filter(({ atMs }) => isIn(atMs));
    const sum = (of: (bin: (typeof during)[number]) => number) =>
      during.reduce((total, bin) => total + of(bin), 0);
    const late = callPackets
      .filter(({ sentAtMs }) => isIn(sentAtMs))
      .map(({ addedMs }) => addedMs)
      .sort((a, b) => a - b);
    const use =
      (100 * sum((bin) => bin.deliveredBps.download)) /
      sum((bin) => bin.capacityBps.download);
    const rate = sum((bin) => bin.rateBps.download) / during.length / mbit(1);
    console.log(
      `  second ${second + 1}: rate ${cell(rate)} Mbit/s, ${cell(use)} % of the line,` +
        ` call p50/p95/max ${[0.5, 0.95, 1].map((part) => cell(share(late, part))).join("")} ms`,
    );
  }
}

const scene = night();
for (const policy of [WANCTL, WANCTL_OWD])
  for (let seed = 1; seed <= Number(seeds); seed++) {
    const run = play(scene, policy, seed);
    console.log(`${policy.name}, seed ${seed}: ${hours} h idle`);
    asleep(run);
    awake(run);
  }
