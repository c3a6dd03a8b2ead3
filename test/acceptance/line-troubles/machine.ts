import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../../shared/runtime/failure.js";
import { run } from "../../bed/namespace.js";
import { WAN } from "../../bed/system.js";
import { pause } from "../../bed/waiting.js";
import { restartWith } from "./processes.js";
import { childOf, inMountsOf, type Stage, stateFolder } from "./stage.js";
import { SILENTLY, type Trouble } from "./trouble.js";

/** The machine the controller runs on: its clock, its folders, its name service; and restarts. */

function stepClock(seconds: number): void {
  const now = Math.floor(Date.now() / 1e3) + seconds;
  const { status, stderr } = spawnSync("date", ["-s", `@${now}`], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Failure(`Cannot set the clock: ${stderr}`);
}

const STEPPED = {
  begins: ["clock_stepped"],
  over: null,
  says: null,
  needs: "bed",
} as const;

/** Longer than what did not change may wait to be saved again. */
const UNSAVED_MS = 40_000;

const UNSAVED = {
  begins: ["checkpoint_lost"],
  over: "checkpoint_back",
  says: /^checkpoint: /,
} as const;

/** What is said before anybody listens is only in the log. */
const STARTED = { ...SILENTLY, isRestart: true } as const;

/** A small disk in place of the state folder, as only the controller sees it. */
const mount = (stage: Stage, options: string) =>
  inMountsOf(
    stage.controller(),
    `mount -t tmpfs -o ${options} none ${stateFolder(stage)}`,
  );
const unmount = (stage: Stage) =>
  inMountsOf(stage.controller(), `umount ${stateFolder(stage)}`);

async function killAndStart(stage: Stage): Promise<void> {
  stage.controller().signal("SIGKILL");
  await stage.startController();
}

/** Names that nobody knows, for all six. */
const NAMES = { REFLECTORS: "reflector" };

/** The name server that the controller asks from now on. */
function nameServer(stage: Stage, address: string): void {
  const file = join(stage.folder, "resolv.conf");
  writeFileSync(file, `nameserver ${address}\n`);
  inMountsOf(stage.controller(), `mount --bind ${file} ${RESOLV_CONF}`);
}

/** What the link leads to, for a link cannot be mounted on. */
const RESOLV_CONF = spawnSync("readlink", ["-f", "/etc/resolv.conf"], {
  encoding: "utf8",
}).stdout.trim();

function knowNames(stage: Stage): void {
  const file = join(stage.folder, "hosts");
  const names = [1, 2, 3, 4, 5, 6].map((n) => `10.0.3.1${n} reflector${n}`);
  writeFileSync(file, `127.0.0.1 localhost\n${names.join("\n")}\n`);
  inMountsOf(stage.controller(), `mount --bind ${file} /etc/hosts`);
}

const NAMELESS = {
  begins: [], // said before anybody listens
  over: "names_back",
  never: ["pings_filtered", "line_lost"],
  says: /no address known for reflector1, .*reflector6/,
  isRestart: true,
} as const;

export const MACHINE: readonly Trouble[] = [
  {
    what: "wall clock one hour ahead",
    holdMs: 3_000,
    begin: () => stepClock(3_600),
    ...STEPPED,
  },
  {
    what: "wall clock one hour back",
    holdMs: 3_000,
    begin: () => stepClock(-3_600),
    ...STEPPED,
  },
  {
    what: "state folder read-only for 40 s",
    holdMs: UNSAVED_MS,
    begin: (stage) => mount(stage, "ro"),
    end: unmount,
    ...UNSAVED,
  },
  {
    what: "state folder full for 40 s",
    holdMs: UNSAVED_MS,
    begin: (stage) => mount(stage, "nr_inodes=1"), // which its root is
    end: unmount,
    ...UNSAVED,
  },
];

export const RESTARTS: readonly Trouble[] = [
  {
    what: "controller killed under load, started again",
    holdMs: 1_000,
    begin: killAndStart,
    ...STARTED,
  },
  {
    what: "checkpoint corrupt at start",
    holdMs: 1_000,
    async begin(stage) {
      stage.controller().signal("SIGKILL");
      await stage.controller().end;
      const file = join(stateFolder(stage), `${WAN}.json`);
      writeFileSync(file, '{"version":1,"wan":"bed","rates_bps":{"down');
      await stage.startController();
      if (!stage.controller().said().includes("checkpoint_refused"))
        throw new Failure("No checkpoint_refused in the log");
    },
    ...STARTED,
  },
  {
    what: "SIGTERM while tc hangs, started again",
    holdMs: 1_000,
    async begin(stage) {
      process.kill(childOf(stage.controller().pid, "tc"), "SIGSTOP");
      await pause(300); // something is asked of it
      const { code, tookMs } = await stage.controller().stop();
      if (code !== 0 || tookMs > 2_000)
        throw new Failure(`SIGTERM: exit ${code} after ${tookMs} ms`);
      await stage.startController();
    },
    ...STARTED,
  },
  {
    what: "run folder deleted, controller started again after 5 s",
    holdMs: 5_000,
    begin: ({ system }) => rmSync(system.run.root, { recursive: true }),
    async end(stage) {
      await stage.recorder().stop();
      await stage.startRecorder();
      await restartWith(stage, {});
    },
    ...STARTED,
  },
  {
    what: "six names for reflectors, name server hangs for 15 s",
    holdMs: 15_000,
    async begin(stage) {
      run("server", "nft add table ip names");
      run(
        "server",
        "nft add chain ip names filter { type filter hook input priority 0 ; }",
      );
      run("server", "nft add rule ip names filter udp dport 53 drop");
      await restartWith(stage, NAMES);
      nameServer(stage, "10.0.3.2");
    },
    end(stage) {
      run("server", "nft delete table ip names");
      knowNames(stage);
    },
    ...NAMELESS,
  },
  {
    what: "six names for reflectors, name server refuses for 10 s",
    holdMs: 10_000,
    async begin(stage) {
      await restartWith(stage, NAMES);
      nameServer(stage, "10.0.3.2");
    },
    end: knowNames,
    ...NAMELESS,
  },
];

/** Puts away what restarts left. */
export const ORDINARY: Trouble = {
  what: "controller stopped, and started as at first",
  holdMs: 1_000,
  begin: (stage) => restartWith(stage, {}),
  ...STARTED,
};
