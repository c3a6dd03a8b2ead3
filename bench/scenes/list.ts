import { basename } from "node:path";
import type { CapacityStep } from "../../controller/simulation/plan.js";
import { openRandom } from "../../controller/simulation/random.js";
import { lte } from "../../lab/capacity.js";
import { readLineTrace, traceScenarios } from "../../lab/line-trace.js";
import type { Scenario } from "../../lab/scenario.js";
import { scenarioOf } from "../../lab/tasks.js";
import type {
  Direction,
  PerDirection,
} from "../../shared/contract/direction.js";
import { BITS_PER_MBIT, clamp } from "../../shared/contract/units.js";
import { readText } from "../../shared/runtime/files.js";
import type { Character } from "../../test/bed/line.js";
import { fallAndRise, type Phase } from "../../test/bed/scene.js";
import type { Load } from "../../test/bed/traffic.js";

export interface Scene {
  /** How often it is played where nobody says. */
  readonly runs: number;
  readonly phases: readonly Phase[];
  readonly load?: Partial<Load>;
  readonly character?: Character;
  /** For `config/bed.yaml`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly backend?: "tc" | "routeros";
  /** Pings are answered only so often: each reflector's, or all of them together. */
  readonly answers?: { readonly perS: number; readonly by: "each" | "all" };
  /** Rates that never change instead of a controller: what the figures are to be held against. */
  readonly fixedKbps?: PerDirection<number>;
}

/** Seconds of so many Mbit/s down and up. */
const phase = (seconds: number, down: number, up: number): Phase => ({
  seconds,
  downloadKbps: down * 1e3,
  uploadKbps: up * 1e3,
});

const downloads = (
  ...parts: readonly (readonly [seconds: number, mbps: number])[]
): Phase[] => parts.map(([seconds, mbps]) => phase(seconds, mbps, 20));

const FALL = fallAndRise(30);
const STEADY_20 = downloads([60, 20]);
const STEADY_8 = downloads([60, 8]);

/** 20 -> 8 Mbit/s within half a minute, and back. */
const RAMP = Array.from({ length: 90 }, (_, second) =>
  phase(1, clamp(Math.abs(second - 38) - 8, 0, 30) * 0.4 + 8, 20),
);

/** The rates of the lab's LTE, a second each, without its holes: HTB knows no rate of 0. */
function lteSeconds(seconds: number): Phase[] {
  const bins = Array.from({ length: seconds }, () => 0);
  for (const { fromMs, bps } of lte(14)(openRandom(1, "bench"))) {
    const second = Math.floor(fromMs / 1e3);
    if (second >= seconds) break;
    bins[second] = (bins[second] ?? 0) + bps / 1e6 / 10;
  }
  return bins.map((mbps) => phase(1, clamp(mbps, 4.5, 30), 20));
}

const BBR = { congestion: "bbr" } as const;
const BOTH = { loaded: "both" } as const;
const UPLOADS = { loaded: "upload" } as const;
const JITTER: Character = { jitters: true };

const limits = (
  direction: "DL" | "UL",
  [floor, base, ceiling]: readonly [number, number, number],
): Record<string, string> => ({
  [`${direction}_FLOOR`]: String(floor),
  [`${direction}_BASE`]: String(base),
  [`${direction}_CEILING`]: String(ceiling),
});

/** A line of 40 down and 8 up. */
const WIDE = { ...limits("DL", [8, 30, 50]), ...limits("UL", [1, 6, 10]) };
const BY_RTT = { METHOD: "echo" };
const LTE = limits("DL", [3, 15, 35]);

const UPLOAD_FALLS = [phase(25, 40, 8), phase(30, 40, 3), phase(25, 40, 8)];
const DOWNLOAD_FALLS = [phase(25, 40, 8), phase(30, 15, 8), phase(25, 40, 8)];

/** Lines on which one full packet takes many milliseconds: Mbit/s down and up. */
const SLOW_LINES = [
  [20, 2],
  [8, 1],
  [4, 0.5],
] as const;

/** `up-0.5`: from the least floor there is. `adsl-4-0.5`: both ways. Each beside rates fixed at parts of the line's. */
const slowScenes = (seconds: number): Readonly<Record<string, Scene>> =>
  Object.fromEntries(
    SLOW_LINES.flatMap(([down, up]) => {
      const phases = [phase(seconds, down, up)];
      const fixed = (percent: number) => ({
        fixedKbps: { download: 10 * percent * down, upload: 10 * percent * up },
      });
      const ceilings = limits("DL", [down / 8, 0.75 * down, 1.25 * down]);
      const alone = { ...ceilings, ...limits("UL", [0.1, 0.1, 2 * up]) };
      const both = {
        ...ceilings,
        ...limits("UL", [0.1, 0.75 * up, 1.25 * up]),
      };
      return [
        { name: `up-${up}`, load: UPLOADS, settings: alone },
        { name: `adsl-${down}-${up}`, load: BOTH, settings: both },
      ].flatMap(({ name, load, settings }): [string, Scene][] => {
        const scene = { runs: 1, phases, load };
        return [
          [name, { ...scene, settings }],
          [`${name}-rtt`, { ...scene, settings: { ...settings, ...BY_RTT } }],
          ...[90, 95].map((percent): [string, Scene] => [
            `${name}-${percent}`,
            { ...scene, ...fixed(percent) },
          ]),
        ];
      });
    }),
  );

/** `each-0.3`, `all-10`: reflectors that limit their answers. */
const limitedScenes = (): Readonly<Record<string, Scene>> =>
  Object.fromEntries(
    (["each", "all"] as const).flatMap((by) =>
      [10, 3, 1, 0.3].map((perS): [string, Scene] => [
        `${by}-${perS}`,
        { runs: 1, phases: FALL, answers: { perS, by } },
      ]),
    ),
  );

/** HTB knows no rate of 0, Mbit/s. */
const LEAST_MBPS = 0.1;
/** Longer recordings are played to here, s. */
const LONGEST_S = 100;

function phasesOf(
  steps: Iterable<CapacityStep>,
  seconds: number,
  upMbps: number,
): Phase[] {
  const played: CapacityStep[] = [];
  for (const step of steps) {
    if (step.fromMs >= 1e3 * seconds) break;
    played.push(step);
  }
  return played.map(({ fromMs, bps }, i) => {
    const untilMs = played[i + 1]?.fromMs ?? 1e3 * seconds;
    const mbps = Math.max(bps / BITS_PER_MBIT, LEAST_MBPS);
    return phase((untilMs - fromMs) / 1e3, mbps, upMbps);
  });
}

/** The lab's own line, users and limits on the bed, downloads only; its random numbers are drawn once for all runs. */
function sceneOf(scenario: Scenario, runs: number): Scene {
  const { plan, limits: bounds, nominalBps } = scenario;
  const { bulk, capacity } = plan.download;
  const seconds = Math.min(scenario.seconds, LONGEST_S);
  const settings = (name: "DL" | "UL", direction: Direction) => {
    const { floorBps, baseBps, ceilingBps } = bounds[direction];
    const mbps = (bps: number) => Number((bps / BITS_PER_MBIT).toPrecision(4));
    return limits(name, [mbps(floorBps), mbps(baseBps), mbps(ceilingBps)]);
  };
  return {
    runs,
    phases: phasesOf(
      capacity(openRandom(1, "bench")),
      seconds,
      nominalBps.upload / BITS_PER_MBIT,
    ),
    load: { flows: bulk.flows, congestion: bulk.congestion ?? "cubic" },
    character: { baseRttMs: plan.baseRttMs, jitters: plan.jitterMs > 1 },
    settings: { ...settings("DL", "download"), ...settings("UL", "upload") },
  };
}

/** By the scenario of the lab that they play. */
const RESTLESS: Readonly<Record<string, Scene>> = Object.fromEntries(
  Object.entries({
    redrawn: "R1",
    "redrawn-500": "R1-500",
    "redrawn-2000": "R1-2000",
    "redrawn-5000": "R1-5000",
    "redrawn-rtt-60": "R2",
    "redrawn-rtt-100": "R3",
    "redrawn-jitter": "R4",
    "redrawn-16-flows": "R5",
    "redrawn-bbr": "R6",
    dips: "B3",
    "adsl-6-0.6-down": "D7",
  }).map(([name, id]) => [name, sceneOf(scenarioOf(id), 2)]),
);

const TRACE = "trace:";

/** A scene by its name; `trace:FILE` is a recorded line (docs/lab.md). Undefined if there is none of that name. */
export function sceneNamed(name: string): Scene | undefined {
  if (!name.startsWith(TRACE)) return SCENES[name];
  const file = name.slice(TRACE.length);
  const trace = readLineTrace(basename(file), readText(file));
  const [scenario] = traceScenarios([trace]);
  return scenario && sceneOf(scenario, 1);
}

const SLOW = slowScenes(60);
const LIMITED = limitedScenes();

/** Scenes that are told together. */
export const GROUPS: Readonly<Record<string, readonly string[]>> = {
  slow: Object.keys(SLOW),
  limited: Object.keys(LIMITED),
  restless: Object.keys(RESTLESS),
};

/** The scenes of the bed, in the order of tables. */
export const SCENES: Readonly<Record<string, Scene>> = {
  "20-8-20": { runs: 5, phases: FALL },
  "20-fixed": {
    runs: 1,
    phases: STEADY_20,
    fixedKbps: { download: 19_000, upload: 20_000 },
  },
  "low-delay": { runs: 3, phases: FALL, settings: { TARGET_BLOAT: "3" } },
  bbr: { runs: 3, phases: FALL, load: BBR },
  "bbr-20": { runs: 2, phases: STEADY_20, load: BBR },
  "bbr-20-fixed": {
    runs: 2,
    phases: STEADY_20,
    load: BBR,
    fixedKbps: { download: 19_000, upload: 20_000 },
  },
  "bbr-8": { runs: 2, phases: STEADY_8, load: BBR },
  "bbr-8-fixed": {
    runs: 2,
    phases: STEADY_8,
    load: BBR,
    fixedKbps: { download: 7_600, upload: 20_000 },
  },
  routeros: { runs: 3, phases: FALL, backend: "routeros" },
  "30-10-30-15-30": {
    runs: 2,
    phases: downloads([20, 30], [20, 10], [20, 30], [20, 15], [20, 30]),
    settings: limits("DL", [4, 15, 37.5]),
  },
  "upload-10-4-10": {
    runs: 2,
    phases: [phase(30, 20, 10), phase(30, 20, 4), phase(30, 20, 10)],
    load: UPLOADS,
    settings: limits("UL", [2, 7.5, 12.5]),
  },
  "1-flow": { runs: 1, phases: FALL, load: { flows: 1 } },
  "16-flows": { runs: 2, phases: FALL, load: { flows: 16 } },
  "rtt-60": { runs: 1, phases: FALL, character: { baseRttMs: 60 } },
  "100-40-100": {
    runs: 1,
    phases: downloads([20, 100], [20, 40], [20, 100]),
    settings: limits("DL", [4, 60, 125]),
  },
  outage: { runs: 2, phases: downloads([30, 20], [6, 0.064], [34, 20]) },
  "outage-eighth": {
    runs: 2,
    phases: downloads([30, 20], [6, 0.064], [34, 2.5]),
    settings: limits("DL", [1, 15, 25]),
  },
  ramp: { runs: 3, phases: RAMP },
  lte: { runs: 3, phases: lteSeconds(90), settings: LTE },
  "lte-fixed": {
    runs: 1,
    phases: lteSeconds(90),
    fixedKbps: { download: 11_000, upload: 20_000 },
  },
  "upload-steps": {
    runs: 2,
    phases: [16, 10, 15, 8, 16].map((mbps) => phase(20, 40, mbps)),
    load: UPLOADS,
    settings: limits("UL", [2, 10, 20]),
  },
  jitter: { runs: 3, phases: FALL, character: JITTER },
  "jitter-20": { runs: 1, phases: STEADY_20, character: JITTER },
  "jitter-20-fixed": {
    ...{ runs: 1, phases: STEADY_20, character: JITTER },
    fixedKbps: { download: 19_000, upload: 20_000 },
  },
  "both-up-falls": {
    ...{ runs: 3, phases: UPLOAD_FALLS, load: BOTH },
    settings: WIDE,
  },
  "both-up-falls-rtt": {
    ...{ runs: 3, phases: UPLOAD_FALLS, load: BOTH },
    settings: { ...WIDE, ...BY_RTT },
  },
  "both-down-falls": {
    ...{ runs: 2, phases: DOWNLOAD_FALLS, load: BOTH },
    settings: WIDE,
  },
  "both-down-falls-rtt": {
    ...{ runs: 2, phases: DOWNLOAD_FALLS, load: BOTH },
    settings: { ...WIDE, ...BY_RTT },
  },
  ...SLOW,
  ...LIMITED,
  ...RESTLESS,
};
