import type { PerDirection } from "../../../shared/contract/direction.js";
import { PERIOD_MS } from "../../../shared/contract/row.js";
import type { Policy } from "../../law/inputs.js";
import type { Line } from "../../line/line.js";
import type { ProbeConfig } from "../../probes/pinger.js";
import { openSimulatedLine } from "../../simulation/line.js";
import type { SimulatedBackend } from "../backend.js";
import { NO_WRITES } from "../shaper.js";
import {
  NAME,
  type SimulatedConfig,
  type SimulatedFile,
  SIMULATION_SCHEMA,
} from "./config.js";

/** A line without any network, for demonstrations and tests. */
export const SIMULATED = {
  name: NAME,
  doc: "no network at all",
  schema: SIMULATION_SCHEMA,
  rules: [],
  isSimulated: true,
  configOf: ({ simulation }) => ({ backend: NAME, ...simulation }),
  derived: () => ({}),
  identity: ({ line }) => line,
  open,
  check: () => Promise.resolve({ is: "a simulated line", warnings: [] }),
  queue: () => null,
  hosts: () => [],
  hostQueues: () => null,
} as const satisfies SimulatedBackend<SimulatedFile, SimulatedConfig>;

function open(
  { line: plan, seed }: SimulatedConfig,
  { spacingMs, lossMs }: ProbeConfig,
  { reflectors }: Policy,
): Line {
  const line = openSimulatedLine({
    ...{ plan, seed, reflectors, spacingMs, lossMs },
  });
  let actualBps: PerDirection<number> | null = null;
  let at = 0;
  return {
    // time advances per cycle, however busy the host is: same seed, same frames
    startOf: () => (at = line.advance(PERIOD_MS)),
    take: () => line.take(),
    signs: () => ({
      ...{ link: null, device: null, gateway: null },
      ...{ isFallback: false, isSparse: false, asked: reflectors },
      ...{ unknown: [], isNameless: false, pingerFault: null },
    }),
    probing: () => ({ by: "simulation" }),
    shaper: {
      request(desiredBps) {
        line.shape(desiredBps);
        actualBps = desiredBps;
      },
      actualBps: () => actualBps ?? { download: null, upload: null },
      view: () => ({
        backend: NAME,
        reachable: true,
        sinceMs: at,
        error: null,
        warnings: [],
        writes: NO_WRITES,
      }),
      leave: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    calls: () => ({}),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
