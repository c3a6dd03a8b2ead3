import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pause } from "../../bed/waiting.js";
import { childOf, type Stage } from "./stage.js";
import { SILENTLY, type Trouble } from "./trouble.js";

/** The controller itself, the programs it runs, and the recorder. */

const NO_PINGER = {
  begins: ["pinger_lost"],
  over: "pinger_back",
  never: ["reflector_lost"],
  says: null,
} as const;

const toChild =
  (name: "tc" | "fping", signal: NodeJS.Signals) => (stage: Stage) =>
    process.kill(childOf(stage.controller().pid, name), signal);

/** What an fping may do while this file is there; else it is the real one. */
const flag = ({ folder }: Stage) => join(folder, "fping-says");

const toRubbish = (stage: Stage) => {
  writeFileSync(flag(stage), "\\x00{[1e999] : , ms (\\n");
  toChild("fping", "SIGKILL")(stage);
};

/** A PATH in which fping is one that can be made to talk rubbish. */
function pathOf(stage: Stage): string {
  const file = join(stage.folder, "fping");
  writeFileSync(
    file,
    `#!/bin/sh\nwhile [ -e ${flag(stage)} ]; do cat ${flag(stage)}; sleep 0.05; done\nexec /usr/bin/fping "$@"\n`,
  );
  chmodSync(file, 0o755);
  return `${stage.folder}:${process.env["PATH"] ?? ""}`;
}

/** Ends the controller as systemd does, and starts one with other settings. */
export const restartWith = async (
  stage: Stage,
  settings: Readonly<Record<string, string>>,
): Promise<void> => {
  await stage.controller().stop();
  await stage.startController(settings);
};

export const PROCESSES: readonly Trouble[] = [
  {
    what: "controller stopped (SIGSTOP) for 10 s",
    holdMs: 10_000,
    begin: (stage) => stage.controller().signal("SIGSTOP"),
    end: (stage) => stage.controller().signal("SIGCONT"),
    begins: ["paused"],
    over: null,
    says: null,
  },
  {
    what: "tc stopped (SIGSTOP)",
    holdMs: 5_000,
    begin: toChild("tc", "SIGSTOP"),
    begins: ["router_lost"],
    over: "router_back",
    says: null,
  },
  {
    what: "tc killed",
    holdMs: 3_000,
    begin: toChild("tc", "SIGKILL"),
    ...SILENTLY,
  },
  {
    what: "recorder killed for 5 s",
    holdMs: 5_000,
    begin: (stage) => stage.recorder().signal("SIGKILL"),
    end: (stage) => stage.startRecorder(),
    ...SILENTLY,
  },
  {
    what: "recorder stopped (SIGSTOP) for 5 s",
    holdMs: 5_000,
    begin: (stage) => stage.recorder().signal("SIGSTOP"),
    end: (stage) => stage.recorder().signal("SIGCONT"),
    ...SILENTLY,
  },
];

/** Of a controller that measures with fping. */
export const FPINGS: readonly Trouble[] = [
  {
    what: "controller stopped, and started with fping",
    holdMs: 1_000,
    begin: (stage) =>
      restartWith(stage, { METHOD: "echo", PATH: pathOf(stage) }),
    ...SILENTLY,
    isRestart: true,
  },
  {
    what: "fping killed",
    holdMs: 3_000,
    begin: toChild("fping", "SIGKILL"),
    ...NO_PINGER,
  },
  {
    what: "fping stopped (SIGSTOP)",
    holdMs: 10_000,
    begin: toChild("fping", "SIGSTOP"),
    ...NO_PINGER,
  },
  {
    what: "fping prints rubbish for 10 s",
    holdMs: 10_000,
    begin: toRubbish,
    end: (stage) => rmSync(flag(stage)),
    ...NO_PINGER,
  },
  {
    what: "fping killed each 200 ms for 5 s",
    holdMs: 5_000,
    async begin(stage) {
      for (let i = 0; i < 25; i++) {
        try {
          toChild("fping", "SIGKILL")(stage);
        } catch {
          // it is not there just now
        }
        await pause(200);
      }
    },
    ...NO_PINGER,
  },
];
