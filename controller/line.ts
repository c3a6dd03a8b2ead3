import { isIPv6 } from "node:net";
import type { PerDirection } from "../shared/contract/direction.js";
import type { CallCounts } from "../shared/contract/metrics.js";
import { PERIOD_MS } from "../shared/contract/row.js";
import type { Clock, MonoMs } from "../shared/runtime/clock.js";
import type { Signs } from "./condition.js";
import type { ControllerConfig } from "./config.js";
import { NO_COUNTERS } from "./counters/counters.js";
import { openPassedDevice } from "./counters/device.js";
import { openProcCounters } from "./counters/proc.js";
import { openRouterOsCounters } from "./counters/routeros.js";
import type { Reading } from "./law/reading.js";
import { openMeasuredLine, type Parts } from "./measured-line.js";
import type { Tick } from "./metronome.js";
import { demandTools, type ShapingTool } from "./needs.js";
import { openAddresses } from "./pinger/addresses.js";
import { withHandshakes, withoutFallback } from "./pinger/backed.js";
import {
  bpsOf,
  fpingBytes,
  openBudget,
  withinBudget,
} from "./pinger/budget.js";
import { openFping } from "./pinger/fping.js";
import { openGateway } from "./pinger/gateway.js";
import { openTimestamps } from "./pinger/timestamps.js";
import type { Report } from "./report.js";
import { openActuator } from "./shaper/actuator.js";
import { ROUTEROS_PACE, TC_PACE } from "./shaper/pace.js";
import { openRouterCalls } from "./shaper/router-calls.js";
import { openRouterOs } from "./shaper/routeros.js";
import { NO_WRITES, type Shaper } from "./shaper/shaper.js";
import { openTc } from "./shaper/tc.js";
import { openSession } from "./shaper/transport.js";
import { openSimulatedLine } from "./simulation/line.js";

/** What a controller measures and acts upon: a real line, or a simulated one that keeps its own time. */
export interface Line extends AsyncDisposable {
  /** The instant of this beat. */
  beat(tick: Tick): MonoMs;
  /** The facts that came since the last beat, each once. */
  take(now: MonoMs): Reading;
  /** What is known of the line besides its answers. */
  signs(): Signs;
  /** How it measures, for people. */
  probing(): Readonly<Record<string, unknown>>;
  readonly shaper: Shaper;
  /** How what was asked of the router ended. */
  calls(): CallCounts;
}

/** The part of the configuration that may change while a line is open: asked for at each use, never kept. */
export type Reloadable = Pick<ControllerConfig, "policy">;

export async function openLine(
  config: ControllerConfig,
  inForce: Reloadable,
  clock: Clock,
  report: Report,
): Promise<Line> {
  const { shaper, probe, probeBudgetBps, fallbackPort } = config;
  if (shaper.backend === "simulated") return simulated(shaper, config);
  const means = demandTools(toolOf(shaper), probe);
  const parts =
    shaper.backend === "tc"
      ? await byTc(shaper, clock, report)
      : byRouterOs(shaper, clock, report);
  const family = isIPv6(probe.source ?? "") ? 6 : 4;
  const addresses = openAddresses(probe.reflectors, family, clock, report);
  const isOurs = means === "socket";
  const pinged = isOurs ? probe : withinBudget(probe, probeBudgetBps);
  // fping's pace is its own: what it leaves is for the others
  const takenBps = isOurs
    ? 0
    : bpsOf(fpingBytes(pinged.reflectors), pinged.spacingMs);
  const shared = {
    addresses,
    budget: openBudget(probeBudgetBps - takenBps, clock.mono()),
  };
  const pings = isOurs
    ? openTimestamps(probe, clock, report, shared)
    : openFping(pinged, clock, report);
  const pinger =
    fallbackPort === null
      ? withoutFallback(pings, pinged, clock)
      : withHandshakes(pings, fallbackPort, probe, clock, shared);
  const gateway = openGateway(probe, clock);
  return openMeasuredLine(
    pinger,
    { ...parts, gateway, addresses },
    config,
    inForce,
    clock,
  );
}

type Shaped<Backend> = Extract<
  ControllerConfig["shaper"],
  { readonly backend: Backend }
>;

function toolOf(shaper: Shaped<"tc"> | Shaped<"routeros">): ShapingTool | null {
  if (shaper.backend === "tc") return "tc";
  const isOverSsh = shaper.router.ways.some((way) => way?.transport === "ssh");
  return isOverSsh ? "ssh" : null;
}

async function byTc(
  { devices, onForeign }: Shaped<"tc">,
  clock: Clock,
  report: Report,
): Promise<Omit<Parts, "gateway" | "addresses">> {
  const counters = await openProcCounters(devices.upload, clock);
  const settings = { pace: TC_PACE, onForeign };
  const calls = openRouterCalls();
  const queues = openTc(devices, calls);
  const shaper = openActuator(queues, settings, clock, report);
  const download = openPassedDevice(devices.download, clock);
  return { shaper, counters, wan: devices.upload, download, calls };
}

function byRouterOs(
  { router, onForeign }: Shaped<"routeros">,
  clock: Clock,
  report: Report,
): Omit<Parts, "gateway" | "addresses"> {
  const calls = openRouterCalls();
  const session = openSession(router, clock, calls);
  const { wanInterface } = router;
  const queues = openRouterOs(session, router.queues, clock);
  const settings = { pace: ROUTEROS_PACE, onForeign };
  return {
    shaper: openActuator(queues, settings, clock, report),
    counters:
      wanInterface === null
        ? NO_COUNTERS
        : openRouterOsCounters(session, wanInterface, clock),
    ...{ wan: wanInterface, download: null, calls },
  };
}

function simulated(
  { line: plan, seed }: { line: "cable" | "vdsl"; seed: number },
  { probe, policy }: ControllerConfig,
): Line {
  const { spacingMs, lossMs } = probe;
  const line = openSimulatedLine({
    plan,
    seed,
    reflectors: policy.reflectors,
    spacingMs,
    lossMs,
  });
  let enforced: PerDirection<number> | null = null;
  let at = 0;
  return {
    // as many beats per simulated second as in real time, whatever the host is busy with: same seed, same frames
    beat: () => (at = line.advance(PERIOD_MS)),
    take: () => line.take(),
    signs: () => ({
      ...{ link: null, device: null, gateway: null },
      ...{ isFallback: false, isSparse: false, asked: policy.reflectors },
      ...{ unknown: [], isNameless: false, pingerFault: null },
    }),
    probing: () => ({ by: "simulation" }),
    shaper: {
      request(wishBps) {
        line.shape(wishBps);
        enforced = wishBps;
      },
      enforcedBps: () => enforced ?? { download: null, upload: null },
      view: () => ({
        backend: "simulated",
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
