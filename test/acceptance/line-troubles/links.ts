import { SHAPING } from "../../bed/kernel.js";
import { run } from "../../bed/namespace.js";
import {
  addQueue,
  changeQueue,
  kernelKbps,
  removeQueue,
} from "../../bed/queues.js";
import { pause } from "../../bed/waiting.js";
import { restartWith } from "./processes.js";
import { LINE_KBPS, type Stage } from "./stage.js";
import { SILENTLY, type Trouble } from "./trouble.js";

/** The link to the provider, and the queues on it. */

const NO_LINK = {
  begins: ["link_lost"],
  over: "link_back",
  says: /no link/,
} as const;

const NO_QUEUE = {
  begins: ["router_lost"],
  over: "router_back",
  says: /^router: /,
} as const;

const FOREIGN = { begins: ["rate_foreign"], over: null, says: null } as const;

const wan = (state: "down" | "up") => {
  run("shaper", `ip link set wan ${state}`);
  if (state === "up") run("shaper", "ip route replace default via 10.0.2.1");
};

function carrier(state: "down" | "up"): void {
  run("isp", `ip link set i0 ${state}`);
  if (state === "down") return;
  const [, address] =
    /inet ([\d.]+)/.exec(run("shaper", "ip -4 address show dev wan")) ?? [];
  run("isp", `ip route replace 10.0.1.0/24 via ${address}`);
  run("shaper", "ip route replace default via 10.0.2.1");
}

function unplug({ system }: Stage): void {
  system.line.unplug();
  run("shaper", "ip link del ifb4wan");
}

/** As a modem does that was given another address. */
function plugElsewhere({ system }: Stage): void {
  system.line.plug();
  system.line.capacity(LINE_KBPS);
  run("shaper", "ip address flush dev wan");
  run("shaper", "ip address add 10.0.2.9/24 dev wan");
  run("shaper", "ip route replace default via 10.0.2.1");
  run("isp", "ip route replace 10.0.1.0/24 via 10.0.2.9");
  for (const direction of ["download", "upload"] as const)
    addQueue(SHAPING, direction, 5_000);
}

const replug = (stage: Stage) => {
  unplug(stage);
  stage.system.line.plug();
  stage.system.line.capacity(LINE_KBPS);
  for (const direction of ["download", "upload"] as const)
    addQueue(SHAPING, direction, 5_000);
};

export const LINKS: readonly Trouble[] = [
  {
    what: "WAN interface switched off for 5 s",
    holdMs: 5_000,
    begin: () => wan("down"),
    end: () => wan("up"),
    ...NO_LINK,
  },
  {
    what: "carrier lost for 5 s",
    holdMs: 5_000,
    begin: () => carrier("down"),
    end: () => carrier("up"),
    ...NO_LINK,
  },
  {
    what: "WAN interface off and on five times in 5 s",
    holdMs: 5_000,
    async begin() {
      for (let i = 0; i < 5; i++) {
        wan("down");
        await pause(500);
        wan("up");
        await pause(500);
      }
    },
    ...NO_LINK,
  },
  {
    what: "interface deleted for 5 s, made anew: other index, other address",
    holdMs: 5_000,
    begin: unplug,
    end: plugElsewhere,
    ...NO_LINK,
  },
  {
    what: "interface deleted and made anew at once, address as before",
    holdMs: 2_000,
    begin: replug,
    begins: ["link_lost", "router_lost"],
    never: ["rate_foreign", "writing_paused"],
    over: null,
    says: null,
  },
  {
    what: "ifb switched off for 5 s",
    holdMs: 5_000,
    begin: () => run("shaper", "ip link set ifb4wan down"),
    end: () => run("shaper", "ip link set ifb4wan up"),
    ...NO_LINK,
    says: /ifb4wan is down/,
  },
  {
    what: "nothing carried behind the provider for 10 s",
    holdMs: 10_000,
    begin: () => run("isp", "ip link set i1 down"),
    end: () => run("isp", "ip link set i1 up"),
    begins: ["line_lost"],
    over: "line_back",
    says: /line is down/,
  },
  ...(["download", "upload"] as const).flatMap((direction): Trouble[] => [
    {
      what: `${direction}'s queue removed for 5 s`,
      holdMs: 5_000,
      begin: () => removeQueue(direction),
      end: () => addQueue(SHAPING, direction, 5_000),
      ...NO_QUEUE,
    },
    {
      what: `${direction}'s rate set by hand to 5 Mbit/s`,
      holdMs: 3_000,
      begin: () => changeQueue(SHAPING, direction, 5_000),
      // two within a minute would have it pause
      end: (stage) => restartWith(stage, {}),
      // the download's is written so often that it may be set right before anybody reads it
      ...(direction === "upload" ? FOREIGN : SILENTLY),
      isRestart: true,
    },
  ]),
  {
    what: "upload's queue replaced by another kind for 5 s",
    holdMs: 5_000,
    begin: () =>
      run("shaper", "tc qdisc replace dev wan root handle 9: pfifo limit 100"),
    end() {
      removeQueue("upload");
      addQueue(SHAPING, "upload", 5_000);
    },
    ...NO_QUEUE,
  },
  {
    what: "queues made anew three times in 9 s",
    holdMs: 9_000,
    async begin() {
      for (let i = 0; i < 3; i++) {
        for (const direction of ["download", "upload"] as const) {
          removeQueue(direction);
          addQueue(SHAPING, direction, 5_000);
        }
        await pause(3_000);
      }
    },
    begins: ["router_lost"],
    over: "router_back",
    never: ["rate_foreign", "writing_paused"],
    says: null,
  },
  {
    what: "rates set by another program for 5 s, then started again",
    holdMs: 5_000,
    async begin() {
      for (let i = 0; i < 25; i++) {
        for (const direction of ["download", "upload"] as const)
          if (kernelKbps(direction) !== 3_000)
            changeQueue(SHAPING, direction, 3_000);
        await pause(200);
      }
    },
    // ten minutes of peace are long
    end: (stage) => restartWith(stage, {}),
    begins: ["writing_paused"],
    over: null,
    says: /another program sets the rates/,
    isRestart: true,
  },
];
