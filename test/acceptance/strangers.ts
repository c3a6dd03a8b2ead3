import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openRandom } from "../../controller/simulation/random.js";
import { runFolder } from "../../shared/runtime/paths.js";
import { cycle, sample } from "../fakes/frames.js";
import { openSender, sleep } from "../recorder/station.js";
import { readRows } from "../recorder/temporary.js";
import { openStranger, spoilt, whole } from "./strangers/messages.js";
import { Site, type SiteOptions } from "./strangers/site.js";

/**
 * What strangers and a wrong clock do to a recorder that records a WAN meanwhile (STOR-04, STOR-07):
 *
 *   node dist/test/acceptance/strangers.js [PART...] [--minutes 10]      parts: fuzz series names connects folder clock
 *
 * Prints for each the memory, the longest wait for an answer, whether it ended, and whether each frame of the WAN is
 * there once. Exit status 0 if so. `folder` as root, `clock` with libfaketime.
 */
const { values, positionals: chosen } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: "string", default: "10" } },
});
const MINUTES = Number(values.minutes);
const SELF = fileURLToPath(import.meta.url);
const NOBODY = 65_534;
const root = mkdtempSync(join(tmpdir(), "wanctl-"));
chmodSync(root, 0o755);
let count = 0;
const bootOf = (n: number) => n.toString(16).padStart(16, "0");

/** A recorder and a WAN at 20 Hz; what is done to them; how it ended. */
async function play(
  what: string,
  work: (site: Site) => Promise<string>,
  options: SiteOptions = {},
): Promise<boolean> {
  const folder = join(root, String(++count));
  const site = new Site(folder);
  if (options.uid !== undefined) chmodSync(folder, 0o777);
  await site.start(options);
  await using sender = await openSender("spectrum", bootOf(0xabc), site.run, {
    everyMs: 50,
    replay: { minutes: 30, megabytes: 16 },
  });
  await sleep(2_000);
  const more = await work(site);
  return await site.tell(what, sender, more);
}

const refusedBy = async (site: Site): Promise<string> => {
  const { refusedBy, sync } = await site.recorder();
  return JSON.stringify({ refusedBy, sync });
};

const PARTS: Readonly<Record<string, () => Promise<boolean>>> = {
  fuzz: () =>
    play(`spoilt numbers, ${MINUTES} min`, async (site) => {
      using stranger = openStranger(site.run);
      const random = openRandom(1, "strangers");
      const end = performance.now() + MINUTES * 60_000;
      while (performance.now() < end && !site.hasEnded) {
        for (let n = 0; n < 10; n++) spoilt(stranger, random);
        await sleep(20);
      }
      return await refusedBy(site);
    }),

  series: () =>
    play("20 000 series of one minute, then 20 s", async (site) => {
      using stranger = openStranger(site.run);
      for (let seq = 1; seq <= 20_000; seq++) {
        const frame = whole(sample(1, { n: `${seq}` }), seq, "odd", bootOf(1));
        stranger.frame("odd/sample", frame);
        if (seq % 15 === 0) await sleep(20);
      }
      await sleep(85_000);
      const cpu = await site.cpu(10);
      return `CPU ${cpu.toFixed(1)} % afterwards, ${await refusedBy(site)}`;
    }),

  names: () =>
    play("10 000 names", async (site) => {
      using stranger = openStranger(site.run);
      for (let n = 0; n < 10_000; n++) {
        const name = `odd-${n}`;
        const frame = whole(cycle(), 1, name, bootOf(n));
        stranger.frame(`${name}/cycle`, frame);
        if (n % 10 === 0) await sleep(10);
      }
      await sleep(75_000);
      const before = await site.cpu(10);
      await site.stop();
      await site.start();
      await sleep(10_000);
      const after = await site.cpu(10);
      return `CPU ${before.toFixed(1)} %, after a restart ${after.toFixed(1)} %, ${await refusedBy(site)}`;
    }),

  connects: () =>
    play(
      "5 000 connects to each socket, 256 descriptors",
      async (site) => {
        const { frames, sync, recorderApi, recorderHealth } = site.run;
        for (const path of [frames, sync, recorderApi, recorderHealth]) {
          const strangers: Socket[] = [];
          for (let n = 0; n < 5_000; n++) {
            strangers.push(connect(path).on("error", () => undefined));
            if (n % 100 === 0) await sleep(5);
          }
          await sleep(1_000);
          for (const each of strangers) each.destroy();
        }
        return refusedBy(site);
      },
      { files: 256 },
    ),

  async folder() {
    const befalls: readonly [string, (place: string) => void][] = [
      ["removed", (place) => rmSync(place, { recursive: true })],
      [
        "replaced by a file",
        (place) => {
          renameSync(place, `${place}-was`);
          writeFileSync(place, "");
          setTimeout(() => {
            rmSync(place);
            renameSync(`${place}-was`, place);
          }, 5_000);
        },
      ],
      [
        "closed to an ordinary user",
        (place) => {
          chmodSync(place, 0o000);
          setTimeout(() => {
            chmodSync(place, 0o777);
          }, 5_000);
        },
      ],
    ];
    let isRight = true;
    for (const [how, befall] of befalls) {
      const isClosed = how.startsWith("closed");
      const one = play(
        `folder ${how}`,
        async (site) => {
          befall(site.place);
          await sleep(10_000);
          return [...site.log.matchAll(/recorder (database_\w+)/g)]
            .map(([, event]) => event)
            .join(" ");
        },
        isClosed ? { uid: NOBODY } : {},
      );
      isRight = (await one) && isRight;
    }
    return isRight;
  },

  async clock() {
    let isRight = true;
    for (const ahead of ["2h", "3d", "25567d"])
      isRight = (await aheadBy(ahead)) && isRight;
    return isRight;
  },
};

/** 150 minutes of a clock that runs ahead, 120 times as fast; then the present. */
async function aheadBy(ahead: string): Promise<boolean> {
  const env = {
    LD_PRELOAD: faketime(),
    FAKETIME: `+${ahead} x120`,
    FAKETIME_NO_CACHE: "1",
  };
  const folder = join(root, String(++count));
  const site = new Site(folder);
  await site.start({ env });
  const args = [SELF, "sender", site.run.root];
  const controller = spawn(process.execPath, args, {
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  await sleep((150 / 120) * 60_000);
  const ended = once(controller, "exit");
  controller.kill();
  await ended;
  await site.stop();
  await site.start();
  await using sender = await openSender("spectrum", bootOf(2), site.run, {
    everyMs: 50,
  });
  const begunSendingMs = Date.now();
  await sleep(75_000);
  const path = `/api/v1/range?from=${begunSendingMs + 3_000}&to=${Date.now() - 3_000}&metric=rtt&step=1s`;
  const answer = (await site.ask(path)) as {
    metadata: { wans: { wan: string; coverage: number }[] };
  };
  // a busy machine drops beats: what was sent is what there can be
  const sentShare = (sender.sent.size * 50) / (Date.now() - begunSendingMs);
  const covered = answer.metadata.wans.find(({ wan }) => wan === "spectrum");
  const told = readRows(
    site.database,
    "select kind from events where wan_name = 'recorder'",
  );
  const kinds = new Set(told.map(({ kind }) => String(kind)));
  const isExact = await site.tell(
    `clock ahead ${ahead} for 150 min, and back`,
    sender,
    `coverage ${covered?.coverage.toFixed(3)} of ${sentShare.toFixed(3)} sent, ${[...kinds].join(" ")}`,
  );
  return (
    isExact &&
    (covered?.coverage ?? 0) > 0.97 * sentShare &&
    kinds.has("history_ahead")
  );
}

function faketime(): string {
  for (const folder of readdirSync("/usr/lib")) {
    const path = `/usr/lib/${folder}/faketime/libfaketimeMT.so.1`;
    if (existsSync(path)) return path;
  }
  throw new Error("Cannot set a clock ahead: libfaketime must be installed");
}

/** A controller by a clock of its own, until it is ended. */
async function sendFor(run: string): Promise<void> {
  await openSender("spectrum", bootOf(1), runFolder(run), { everyMs: 50 });
  process.once("SIGTERM", () => process.exit(0));
}

if (chosen[0] === "sender") await sendFor(chosen[1] ?? "");
else {
  console.log("| what | memory | longest wait | ended | WAN, stored | more |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  const names = chosen.length > 0 ? chosen : Object.keys(PARTS);
  // the fuzz takes as long as all others: beside them
  const beside = names.includes("fuzz") ? PARTS["fuzz"]?.() : undefined;
  let isRight = true;
  for (const name of names)
    if (name !== "fuzz")
      isRight = ((await PARTS[name]?.()) ?? false) && isRight;
  isRight = ((await beside) ?? true) && isRight;
  rmSync(root, { recursive: true, force: true });
  process.exit(isRight ? 0 : 1);
}
