import {
  constant,
  dips,
  exactly,
  handovers,
  lte,
  ramp,
  redrawn,
  starlink,
  steps,
} from "./capacity.js";
import { scenario, type Scenario, type ScenarioSketch } from "./scenario.js";

const way = <T>(download: T, upload: T) => ({ download, upload });
const DOWN = way(4, 0);
const UP = way(0, 4);
const BOTH = way(4, 4);

const FALLS: Pick<
  ScenarioSketch,
  "nominal" | "capacity" | "flows" | "seconds"
> = {
  nominal: way(100, 20),
  capacity: way(
    steps([0, 100], [20, 30], [35, 100], [50, 60], [65, 100]),
    constant(20),
  ),
  flows: DOWN,
  seconds: 84,
};

const STARLINK: Omit<ScenarioSketch, "id" | "title"> = {
  nominal: way(60, 12),
  capacity: way(starlink(48), starlink(10)),
  flows: DOWN,
  seconds: 90,
  kind: "starlink",
  baseRttMs: 25,
  jitterMs: 2,
  path: { detours: handovers },
};

const LTE: Omit<ScenarioSketch, "id" | "title" | "flows"> = {
  nominal: way(40, 30),
  capacity: way(lte(14), lte(11)),
  seconds: 90,
  kind: "lte",
  baseRttMs: 50,
  jitterMs: 3,
  bounds: [0.05, 0.25, 1],
};

/** The line that the real-kernel bed plays as well; the ISP's buffer holds one second at the first rate. */
const BED: Pick<
  ScenarioSketch,
  "seconds" | "nominal" | "loadFromMs" | "scoredFromMs" | "bounds"
> = {
  nominal: way(20, 20),
  seconds: 90,
  loadFromMs: 0,
  scoredFromMs: 0,
  bounds: [0.2, 0.75, 1.25],
};
const bedSteps = way(steps([0, 20], [30, 8], [60, 20]), constant(20));

/** A line that never rests; the preset that suits it best is that of LTE. */
const restless = (everyMs: number): Omit<ScenarioSketch, "id" | "title"> => ({
  seconds: 90,
  nominal: way(40, 20),
  capacity: way(redrawn(20, everyMs), constant(20)),
  flows: DOWN,
  kind: "lte",
  bounds: [0.1, 0.5, 1.25],
});
const RESTLESS = restless(1000);

/** Web pages and nothing else: flows that end within slow start or soon after it, often several at once, often none. */
const WEB: Pick<ScenarioSketch, "flows" | "lasting"> = {
  flows: way(12, 0),
  lasting: { onMeanMs: 300, offMeanMs: 4000 },
};

/** The upload starts from the lowest legal floor, 0.1 Mbit/s. */
const slowUpload = (mbps: number): Omit<ScenarioSketch, "id" | "title"> => ({
  seconds: 58,
  nominal: way(10 * mbps, mbps),
  capacity: way(constant(10 * mbps), constant(mbps)),
  flows: UP,
  bounds: [0.1 / mbps, 0.1 / mbps, 2],
});

const adsl = (
  down: number,
  up: number,
): Omit<ScenarioSketch, "id" | "title"> => ({
  seconds: 58,
  nominal: way(down, up),
  capacity: way(constant(down), constant(up)),
  flows: BOTH,
  bounds: [0.2, 0.75, 1.25],
});

const SKETCHES: readonly ScenarioSketch[] = [
  {
    id: "S0",
    title: "steady 100 Mbit/s",
    seconds: 48,
    nominal: way(100, 20),
    capacity: way(constant(100), constant(20)),
    flows: DOWN,
  },
  { ...FALLS, id: "S1", title: "100, 30, 100, 60, 100 Mbit/s" },
  {
    id: "S2",
    title: "ramp from 100 to 20 Mbit/s and back",
    seconds: 98,
    nominal: way(100, 20),
    capacity: way(ramp([8, 100], [48, 20], [88, 100]), constant(20)),
    flows: DOWN,
  },
  { ...LTE, id: "S3", title: "LTE, downloads", flows: DOWN },
  { ...STARLINK, id: "S4", title: "Starlink, downloads" },
  {
    id: "S5",
    title: "DOCSIS upload: 40, 25, 38, 20, 40 Mbit/s, jitter",
    seconds: 84,
    nominal: way(200, 40),
    capacity: way(
      constant(200),
      steps([0, 40], [20, 25], [35, 38], [50, 20], [65, 40]),
    ),
    flows: UP,
    jitterMs: 1,
    path: { spikes: { ratio: 0.15, lowMs: 5, highMs: 15 } },
  },
  {
    id: "S6",
    // payload: 48 of 53 bytes of a cell, 1500 of 1540 of a packet
    title: "DSL of 8/0.8 Mbit/s in ATM cells, both ways",
    seconds: 58,
    nominal: way(8, 0.8),
    capacity: way(constant(7.06), constant(0.706)),
    flows: way(4, 1),
    baseRttMs: 35,
    bounds: [0.2, 0.5, 1],
  },
  {
    id: "S7",
    title: "idle, with spikes and a reflector that is slow at times",
    seconds: 180,
    nominal: way(100, 20),
    capacity: way(constant(100), constant(20)),
    flows: way(0, 0),
    jitterMs: 2,
    path: {
      spikes: { ratio: 0.03, lowMs: 30, highMs: 90 },
      faults: [null, { kind: "slow", ms: 40, meanMs: 2000 }],
    },
  },
  {
    id: "S8",
    title: "the path grows by 20 ms for good",
    seconds: 98,
    nominal: way(100, 20),
    capacity: way(constant(100), constant(20)),
    flows: DOWN,
    path: { detours: () => [{ fromMs: 28_000, ms: 20 }] },
  },
  {
    id: "S9",
    title: "outages of 1, 10 and 60 s",
    seconds: 168,
    nominal: way(100, 20),
    capacity: way(
      exactly(
        [0, 100],
        [20, 0],
        [21, 100],
        [40, 0],
        [50, 100],
        [70, 0],
        [130, 100],
      ),
      exactly(
        [0, 20],
        [20, 0],
        [21, 20],
        [40, 0],
        [50, 20],
        [70, 0],
        [130, 20],
      ),
    ),
    flows: DOWN,
  },
  {
    ...FALLS,
    id: "S10",
    title: "S1 with a dead, a lossy and a slow reflector",
    path: {
      faults: [
        { kind: "slow", ms: 200, meanMs: 5000 },
        null,
        { kind: "dead", fromMs: 20_000 },
        null,
        { kind: "lossy", ratio: 0.7 },
      ],
    },
  },
  {
    id: "S11",
    title: "both ways full, 100/10 Mbit/s",
    seconds: 58,
    nominal: way(100, 10),
    capacity: way(constant(100), constant(10)),
    flows: BOTH,
  },
  {
    id: "S12",
    title: "a radio that adds 60 ms under upload",
    seconds: 58,
    nominal: way(50, 10),
    capacity: way(constant(50), constant(10)),
    flows: way(0, 4),
    schedulerMs: way(0, 60),
  },
  {
    ...FALLS,
    id: "S13",
    title: "S1 with probes that see a tenth of the queue",
    path: { sightRatio: 0.1 },
  },
  { ...FALLS, id: "S14a", title: "S1 by RouterOS", actuator: "routeros" },
  {
    ...STARLINK,
    id: "S14b",
    title: "Starlink by RouterOS",
    actuator: "routeros",
  },
  {
    id: "S15",
    title: "cold start into a full line at 60 of 100 Mbit/s",
    seconds: 58,
    nominal: way(100, 20),
    capacity: way(constant(60), constant(20)),
    flows: DOWN,
    loadFromMs: 0,
    startsAtMs: 5000,
    scoredFromMs: 5000,
  },
  {
    ...BED,
    id: "B1",
    title: "the bed: 20, 8, 20 Mbit/s, 4 CUBIC downloads",
    capacity: bedSteps,
    flows: way(4, 0),
  },
  ...[500, 1000, 2000].map((countedEveryMs) => ({
    ...BED,
    id: `B1-${countedEveryMs}`,
    title: `B1 with counters that move each ${countedEveryMs} ms`,
    capacity: bedSteps,
    flows: way(4, 0),
    path: { countedEveryMs },
  })),
  {
    ...BED,
    id: "B2",
    title: "the bed with BBR",
    capacity: bedSteps,
    flows: way(4, 0),
    congestion: "bbr",
  },
  {
    ...BED,
    id: "B3",
    title: "the bed: 20 Mbit/s, with 8 for 2 of each 10 s",
    capacity: way(
      dips({ mbps: 20, lowMbps: 8, everyS: 10, lowS: 2, untilS: 90 }),
      constant(20),
    ),
    flows: DOWN,
  },
  {
    ...BED,
    ...WEB,
    id: "B4",
    title: "B1 with web pages only",
    capacity: bedSteps,
  },
  { ...RESTLESS, id: "R1", title: "median 20 Mbit/s, redrawn each 1000 ms" },
  ...[500, 2000, 5000].map((everyMs) => ({
    ...restless(everyMs),
    id: `R1-${everyMs}`,
    title: `median 20 Mbit/s, redrawn each ${everyMs} ms`,
  })),
  { ...RESTLESS, id: "R2", title: "R1 with an RTT of 60 ms", baseRttMs: 60 },
  { ...RESTLESS, id: "R3", title: "R1 with an RTT of 100 ms", baseRttMs: 100 },
  { ...RESTLESS, id: "R4", title: "R1 with jitter of 8 ms", jitterMs: 8 },
  { ...RESTLESS, id: "R5", title: "R1 with 16 downloads", flows: way(16, 0) },
  { ...RESTLESS, id: "R6", title: "R1 with BBR", congestion: "bbr" },
  { ...RESTLESS, ...WEB, id: "R7", title: "R1 with web pages only" },
  {
    id: "X1",
    title: "both ways full, upload 8, 3, 8 Mbit/s",
    seconds: 78,
    nominal: way(40, 8),
    capacity: way(constant(40), steps([0, 8], [23, 3], [48, 8])),
    flows: BOTH,
  },
  {
    id: "X2",
    title: "both ways full, download 40, 15, 40 Mbit/s",
    seconds: 78,
    nominal: way(40, 8),
    capacity: way(steps([0, 40], [23, 15], [48, 40]), constant(8)),
    flows: BOTH,
  },
  { ...slowUpload(2), id: "D1", title: "upload of 2 Mbit/s, from 0.1" },
  { ...slowUpload(1), id: "D2", title: "upload of 1 Mbit/s, from 0.1" },
  { ...slowUpload(0.5), id: "D3", title: "upload of 0.5 Mbit/s, from 0.1" },
  { ...adsl(20, 2), id: "D4", title: "both ways full, 20/2 Mbit/s" },
  { ...adsl(8, 1), id: "D5", title: "both ways full, 8/1 Mbit/s" },
  { ...adsl(4, 0.5), id: "D6", title: "both ways full, 4/0.5 Mbit/s" },
  {
    ...adsl(6, 0.6),
    id: "D7",
    title: "ADSL of 6/0.6 Mbit/s, RTT 40 ms, downloads",
    flows: DOWN,
    baseRttMs: 40,
  },
  { ...LTE, id: "X3", title: "LTE, both ways full", flows: BOTH },
  { ...STARLINK, id: "X4", title: "Starlink, both ways full", flows: BOTH },
];

export const SCENARIOS: readonly Scenario[] = SKETCHES.map(scenario);
