import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Queues } from "../controller/shapers/routeros/queue.js";
import { openRest } from "../controller/shapers/routeros/rest.js";
import { openRouterOs } from "../controller/shapers/routeros/routeros.js";
import {
  openSsh,
  type SshOptions,
} from "../controller/shapers/routeros/ssh.js";
import {
  done,
  type Backend,
  type WriteCounts,
} from "../controller/shapers/shaper.js";
import { openTc } from "../controller/shapers/tc/tc.js";
import { msSince, systemClock } from "../shared/runtime/clock.js";
import { askHealth } from "../shared/runtime/health.js";
import { kernelHas } from "../test/bed/kernel.js";
import { fallAndRise, type Outcome, playScene } from "../test/bed/scene.js";
import { spreadOf } from "../test/bed/spread.js";
import { openSystem, WAN } from "../test/bed/system.js";
import { pause } from "../test/bed/waiting.js";
import { ROUTER } from "../test/fakes/routeros/certificate.js";
import { PASSWORD, USER } from "../test/fakes/routeros/server.js";
import {
  fingerprint,
  play,
  TROUBLES,
} from "../test/fakes/routeros/troubles.js";

/**
 * What a router costs and how it serves, through each backend, in one run. Root.
 *
 *   node dist/bench/router.js sets [COUNT]      ms per rate set and read back, CPU per 1000; SSH needs openssh-server
 *   node dist/bench/router.js line [SECONDS]    the line of bench/line.js, and writes per hour; on this kernel
 *   node dist/bench/router.js troubles          what comes of each trouble, and how soon it is over; real time
 */

const ROUTER_OS = fileURLToPath(
  new URL("../test/fakes/routeros/main.js", import.meta.url),
);
const DEVICES = { download: "wanctl-b0", upload: "wanctl-b1" };
const cell = (value: number, digits = 1) => value.toFixed(digits).padStart(9);

const QUEUES: Queues = {
  kind: "tree",
  names: { download: "wan-download", upload: "wan-upload" },
};

/** A process per rate, as scripts do it. */
const openTcSpawn = (kind: "cake" | "htb"): Backend => ({
  backend: "tc",
  readRates: () => Promise.resolve(done({ download: 0, upload: 0 })),
  async setRate(direction, bps) {
    const kbit = `${Math.round(bps / 1e3)}kbit`;
    const device = DEVICES[direction];
    const args =
      kind === "cake"
        ? `qdisc change dev ${device} root cake bandwidth ${kbit}`
        : `class change dev ${device} parent 1: classid 1:1 htb rate ${kbit} ceil ${kbit}`;
    await once(spawn("tc", args.split(" "), { stdio: "ignore" }), "close");
    return done(bps);
  },
  describe: () => Promise.resolve(done({ is: "tc", warnings: [] })),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

const overRest = (port: number, isPlain: boolean): Backend =>
  openRouterOs(
    openRest({
      ...{ host: "127.0.0.1", port, user: USER, deadlineMs: 5_000 },
      password: () => PASSWORD,
      trust: isPlain
        ? null
        : { kind: "pinned", sha256: fingerprint(ROUTER.cert) },
    }),
    QUEUES,
    systemClock,
  );

const overSsh = (options: SshOptions): Backend =>
  openRouterOs(
    openSsh({ ...options, deadlineMs: 30_000 }),
    QUEUES,
    systemClock,
  );

/** A connection per rate: what the first operation after an outage takes. */
const overSshAnew = (options: SshOptions): Backend => ({
  ...overSsh(options),
  async setRate(direction, bps) {
    await using router = overSsh(options);
    return await router.setRate(direction, bps);
  },
});

/** CPU of this process and of its children that have ended, ms (proc_pid_stat(5), ticks of 10 ms). */
function cpuMs(): number {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (
    10 * fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0)
  );
}

async function sets(count: number): Promise<void> {
  const kind = kernelHas("cake") ? "cake" : "htb";
  makeDevices(kind);
  const ports = { https: 18_443, http: 18_080 };
  const fakes = Object.values(ports).map((port) =>
    spawn(
      process.execPath,
      [
        ...[ROUTER_OS, "--port", `${port}`],
        ...["--tc", Object.values(DEVICES).join()],
        ...(port === ports.http ? ["--plain"] : ["--ssh"]),
      ],
      { stdio: ["pipe", "pipe", "inherit"] },
    ),
  );
  const [said] = await Promise.all(
    fakes.map(async ({ stdout }) => String((await once(stdout, "data"))[0])),
  );
  const { ssh } = JSON.parse(said ?? "") as { ssh: SshOptions };
  console.log(
    `a rate set and read back, ${count} times over REST and tc, ${kind.toUpperCase()}\n\n` +
      "                    p50 ms   p99 ms   CPU ms per 1000",
  );
  for (const [title, times, open] of [
    ["REST, https", count, () => overRest(ports.https, false)],
    ["REST, http", count, () => overRest(ports.http, true)],
    ["SSH, held", count / 5, () => overSsh(ssh)],
    ["SSH, connected", count / 20, () => overSshAnew(ssh)],
    ["tc -batch", count, () => openTc(DEVICES)],
    ["tc, spawned", count, () => openTcSpawn(kind)],
  ] as const)
    await row(title, Math.ceil(times), open());
  for (const fake of fakes) {
    fake.stdin.end();
    await once(fake, "close");
  }
}

async function row(
  title: string,
  count: number,
  router: Backend,
): Promise<void> {
  const cpuBefore = cpuMs();
  const times: number[] = [];
  await router.readRates();
  for (let i = 0; i < count; i++) {
    const begun = systemClock.mono();
    const bps = 1e7 + (i + 1) * 1e3;
    const outcome = await router.setRate(i % 2 ? "upload" : "download", bps);
    times.push(msSince(begun, systemClock.mono()));
    if (outcome.kind === "failed") throw new Error(`${title}: ${outcome.why}`);
    if (outcome.value !== bps) throw new Error(`${title}: ${outcome.value}`);
  }
  await router[Symbol.asyncDispose]();
  await pause(100); // its child is gone then
  const { p50, p99 } = spreadOf(times);
  const cpu = ((cpuMs() - cpuBefore) * 1_000) / count;
  console.log(
    `${title.padEnd(17)}${cell(p50, 2)}${cell(p99, 2)}${cell(cpu, 0)}`,
  );
}

/** In a network namespace of its own, which goes with this process. */
function makeDevices(kind: "cake" | "htb"): void {
  const run = (command: string) => {
    const [program = "", ...args] = command.split(" ");
    if (spawnSync(program, args, { stdio: "inherit" }).status !== 0)
      throw new Error(`Cannot run '${command}'`);
  };
  run("ip link set lo up");
  for (const device of Object.values(DEVICES)) {
    run(`ip link add ${device} type ifb`);
    run(`ip link set ${device} up`);
    if (kind === "cake")
      run(`tc qdisc add dev ${device} root cake bandwidth 10mbit`);
    else {
      run(`tc qdisc add dev ${device} root handle 1: htb default 1`);
      run(`tc class add dev ${device} parent 1: classid 1:1 htb rate 10mbit`);
      run(`tc qdisc add dev ${device} parent 1:1 bfifo limit 10000`);
    }
  }
}

/** By then an unused line's rates are back at base. */
const SETTLED_MS = 30_000;

async function line(seconds: number): Promise<void> {
  console.log(
    `20 -> 8 -> 20 Mbit/s, ${seconds} s each\n\n` +
      "            added RTT, ms               utilisation   writes per hour\n" +
      "              p50      p95      p99        %         idle   steady changing",
  );
  for (const backend of ["tc", "routeros"] as const) {
    await using system = await openSystem(20_000, { backend });
    const written = async (during: () => Promise<unknown>) => {
      const [begun, before] = [
        systemClock.mono(),
        await sentOf(system.run.wanHealth(WAN)),
      ];
      await during();
      const sent = (await sentOf(system.run.wanHealth(WAN))) - before;
      return (sent * 3.6e6) / msSince(begun, systemClock.mono());
    };
    await pause(SETTLED_MS);
    const idle = await written(() => pause(seconds * 1e3));
    const steady = await written(() =>
      playScene(system.line, [
        { seconds, downloadKbps: 20_000, uploadKbps: 20_000 },
      ]),
    );
    let outcome: Outcome | undefined;
    const changing = await written(async () => {
      outcome = await playScene(system.line, fallAndRise(seconds));
    });
    const { p50, p95, p99 } = outcome?.addedRttMs ?? {
      p50: NaN,
      p95: NaN,
      p99: NaN,
    };
    console.log(
      backend.padEnd(9) +
        [p50, p95, p99, outcome?.utilisationPct.download ?? NaN]
          .map((v) => cell(v))
          .join("") +
        "    " +
        [idle, steady, changing].map((v) => cell(v, 0)).join(""),
    );
  }
}

async function sentOf(socket: string): Promise<number> {
  const health = await askHealth(socket);
  return (health?.["router"] as { writes: WriteCounts }).writes.sent;
}

async function troubles(): Promise<void> {
  console.log(
    `the router ...${" ".repeat(28)}is lost by     right again   longest request()`,
  );
  for (const trouble of TROUBLES) {
    const { healedMs, requestMs, events } = await play(trouble, systemClock);
    const lost = events.find((event) => event.startsWith("router_lost"));
    console.log(
      trouble.what.padEnd(42) +
        (lost?.split(" ")[1] ?? "-").padEnd(15) +
        `${healedMs.toFixed(0).padStart(6)} ms` +
        `${requestMs.toFixed(2).padStart(14)} ms`,
    );
  }
}

async function main([what, count]: readonly string[]): Promise<void> {
  if (what === "line") await line(Number(count ?? 30));
  else if (what === "troubles") await troubles();
  else if (process.env["BENCH_NETNS"] === "1")
    await sets(Number(count ?? 1_000));
  else
    spawnSync(
      "unshare",
      [
        "-n",
        process.execPath,
        ...process.argv.slice(1, 2),
        "sets",
        count ?? "1000",
      ],
      { stdio: "inherit", env: { ...process.env, BENCH_NETNS: "1" } },
    );
}

await main(process.argv.slice(2));
process.exit();
