import { readFileSync } from "node:fs";
import { eachDirection } from "../../../shared/contract/direction.js";
import { Failure } from "../../../shared/runtime/failure.js";
import { demandProgram } from "../../config/needs.js";
import { openPassedDevice, openProcCounters } from "../../line/counters.js";
import { ownName } from "../../probes/sockets.js";
import { findings } from "../../qdisc/findings.js";
import { lookAtHost } from "../../qdisc/look.js";
import type { DesiredQueues } from "../../qdisc/parse.js";
import { openActuator } from "../actuator.js";
import type { RealBackend } from "../backend.js";
import { openRouterCalls } from "../calls.js";
import {
  NAME,
  TC_RULES,
  TC_SCHEMA,
  type TcConfig,
  tcConfig,
  tcDerived,
  type TcFile,
} from "./config.js";
import { TC_PACE } from "./pace.js";
import { openTc } from "./tc.js";

/** CAKE or HTB of this host. */
export const TC = {
  name: NAME,
  doc: "CAKE or HTB on this host",
  schema: TC_SCHEMA,
  rules: TC_RULES,
  isSimulated: false,
  isRemote: false,
  pace: TC_PACE,
  configOf: tcConfig,
  derived: tcDerived,
  identity: ({ devices }) => `${devices.upload} ${devices.download}`,
  needs() {
    demandProgram("tc", "iproute2");
    demandNetAdmin();
  },
  async open({ devices, onForeign }, clock, report) {
    const counters = await openProcCounters(devices.upload, clock);
    const calls = openRouterCalls();
    const queues = openTc(devices, calls);
    const settings = { pace: TC_PACE, onForeign };
    const shaper = openActuator(queues, settings, clock, report);
    const download = openPassedDevice(devices.download, clock);
    return { shaper, counters, wan: devices.upload, download, calls };
  },
  // eslint-disable-next-line @typescript-eslint/require-await -- rejects instead of throwing
  async check(config, limits) {
    const desired = hostQueues(config, limits);
    const { devices } = desired;
    const found = findings(desired, lookAtHost(desired));
    return {
      is: `queues of this host on ${devices.upload} and ${devices.download}`,
      warnings: found.map(({ what }) => what),
    };
  },
  queue({ shaper }, direction, names) {
    const key = `${direction}_device` as const;
    const name = shaper[key];
    return name === null ? null : { key, name, places: [names.device(name)] };
  },
  hosts: () => [],
  hostQueues,
} as const satisfies RealBackend<TcFile, TcConfig>;

function hostQueues(
  { devices, queue }: TcConfig,
  limits: DesiredQueues["limits"],
): DesiredQueues {
  return {
    devices: eachDirection((name) => ownName(devices[name])),
    ...{ queue, limits },
  };
}

/** Bit number in capability sets, capabilities(7). */
const CAP_NET_ADMIN = 12;

function demandNetAdmin(): void {
  const status = readFileSync("/proc/self/status", "latin1");
  const effective = BigInt(
    `0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`,
  );
  if ((effective >> BigInt(CAP_NET_ADMIN)) % 2n === 1n) return;
  throw new Failure(
    "Cannot start controller: setting rates with tc needs CAP_NET_ADMIN: run it as root, or set AmbientCapabilities= in the unit",
  );
}
