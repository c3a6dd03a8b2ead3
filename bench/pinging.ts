import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { metronome } from "../controller/line/metronome.js";
import { openAddresses } from "../controller/probes/addresses.js";
import { openBudget } from "../controller/probes/budget.js";
import { openFping } from "../controller/probes/fping/fping.js";
import { openIcmp } from "../controller/probes/icmp/icmp.js";
import { systemClock } from "../shared/runtime/clock.js";
import { openLine } from "../test/bed/line.js";
import { start } from "../test/bed/namespace.js";
import { spreadOf } from "../test/bed/spread.js";

/**
 * What our socket measures and costs beside fping: RTT, the two ways and CPU, in turns, on one idle line; then with an
 * event loop that is busy 20 ms of 100. Root; on this kernel.
 *
 *   node dist/bench/pinging.js [BLOCKS] [SECONDS_PER_BLOCK]
 */

const PINGERS = { fping: openFping, socket: openIcmp } as const;
type By = keyof typeof PINGERS;

const SELF = fileURLToPath(import.meta.url);
const PROBE = {
  reflectors: [11, 12, 13, 14, 15, 16].map((last) => `10.0.3.${last}`),
  spacingMs: 50,
  lossMs: 1000,
  source: null,
  interface: null,
  method: "auto",
} as const;

/** Replies while a pinger still settles in: ARP, the trial of methods. */
const SETTLE_MS = 3_000;

interface Measured {
  readonly rttMs: number[];
  readonly uploadMs: number[];
  readonly lost: number;
  /** CPU of the process and of its child, ms. */
  readonly cpuMs: number;
  readonly childMs: number;
  readonly takeUs: number[];
}

async function measure(
  by: By,
  seconds: number,
  busyMs: number,
): Promise<Measured> {
  const stop = AbortSignal.timeout(seconds * 1e3 + SETTLE_MS);
  const ignore = () => undefined;
  using addresses = openAddresses(PROBE.reflectors, 4, systemClock, ignore);
  await using pinger = PINGERS[by](PROBE, systemClock, ignore, {
    addresses,
    budget: openBudget(1e5, systemClock.mono()),
  });
  const rttMs: number[] = [];
  const uploadMs: number[] = [];
  const takeUs: number[] = [];
  let lost = 0;
  let beats = 0;
  const begun = systemClock.mono();
  let cpu = process.cpuUsage();
  let child = childCpuMs(pinger.view()["pid"]);
  for await (const tick of metronome(50, systemClock, stop)) {
    const answers = pinger.take(tick.at);
    const isSettled = tick.at - begun > SETTLE_MS;
    if (!isSettled) {
      cpu = process.cpuUsage();
      child = childCpuMs(pinger.view()["pid"]);
      continue;
    }
    takeUs.push(1e3 * (systemClock.mono() - tick.at));
    for (const reply of answers.replies) {
      rttMs.push(reply.rttMs);
      if (reply.oneWayMs !== null) uploadMs.push(reply.oneWayMs.upload);
    }
    lost += answers.lost;
    if (beats++ % 2 === 0)
      for (const end = systemClock.mono() + busyMs; systemClock.mono() < end;);
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    ...{ rttMs, uploadMs, takeUs, lost },
    cpuMs: (user + system) / 1e3,
    childMs: childCpuMs(pinger.view()["pid"]) - child,
  };
}

function childCpuMs(pid: unknown): number {
  if (typeof pid !== "number") return 0;
  const fields =
    readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ??
    [];
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

async function block(
  by: By,
  seconds: number,
  busyMs: number,
): Promise<Measured> {
  const process = start(
    "shaper",
    `${globalThis.process.execPath} ${SELF} --measure ${by} ${seconds} ${busyMs}`,
  );
  let said = "";
  process.child.stderr.pipe(globalThis.process.stderr);
  for await (const part of process.child.stdout) said += String(part);
  return JSON.parse(said) as Measured;
}

const join = (some: readonly Measured[]): Measured => ({
  rttMs: some.flatMap((one) => one.rttMs),
  uploadMs: some.flatMap((one) => one.uploadMs),
  takeUs: some.flatMap((one) => one.takeUs),
  lost: some.reduce((sum, one) => sum + one.lost, 0),
  cpuMs: some.reduce((sum, one) => sum + one.cpuMs, 0),
  childMs: some.reduce((sum, one) => sum + one.childMs, 0),
});

async function main(blocks: number, seconds: number): Promise<void> {
  await using _line = await openLine(20_000);
  const spread = (values: readonly number[]) => {
    const { p50, p95, p99, max } = spreadOf(values);
    return [p50, p95, p99, max].map((value) => value.toFixed(3)).join(" / ");
  };
  for (const busyMs of [0, 20]) {
    console.log(
      `\nevent loop busy ${busyMs} of 100 ms; ${blocks} blocks of ${seconds} s each, in turns\n`,
    );
    console.log(
      "| by | replies | lost | RTT p50 / p95 / p99 / max, ms | upload, ms | take, µs | CPU % | child % |",
    );
    console.log("|---|--:|--:|---|---|---|--:|--:|");
    const parts: Record<By, Measured[]> = { fping: [], socket: [] };
    for (let i = 0; i < blocks; i++)
      for (const by of ["fping", "socket"] as const)
        parts[by].push(await block(by, seconds, busyMs));
    for (const by of ["fping", "socket"] as const) {
      const { rttMs, uploadMs, takeUs, lost, cpuMs, childMs } = join(parts[by]);
      const pct = (ms: number) => (ms / (blocks * seconds * 10)).toFixed(2);
      console.log(
        `| ${by} | ${rttMs.length} | ${lost} | ${spread(rttMs)} | ${spread(uploadMs)} | ${spread(takeUs)} | ${pct(cpuMs)} | ${pct(childMs)} |`,
      );
    }
  }
}

const [first, ...rest] = process.argv.slice(2);
if (first === "--measure") {
  const [by = "", seconds, busyMs] = rest;
  const measured = await measure(by as By, Number(seconds), Number(busyMs));
  console.log(JSON.stringify(measured));
} else await main(Number(first ?? 3), Number(rest[0] ?? 20));
