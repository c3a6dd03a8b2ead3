import { isIPv6 } from "node:net";
import {
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import type { CallCounts } from "../../shared/contract/router-call.js";
import { PERIOD_MS } from "../../shared/contract/row.js";
import {
  type Clock,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";
import type { Report } from "../../shared/runtime/outage.js";
import type { LinkState, Signs } from "../condition/classification.js";
import type { ControllerConfig } from "../config/config.js";
import { demandTools, type ShapingTool } from "../config/needs.js";
import type { Reading } from "../law/inputs.js";
import { type Addresses, openAddresses } from "../probes/addresses.js";
import {
  bpsOf,
  fpingBytes,
  openBudget,
  withinBudget,
} from "../probes/budget.js";
import { openFping } from "../probes/fping/fping.js";
import { type Gateway, openGateway } from "../probes/gateway.js";
import { openIcmp } from "../probes/icmp/icmp.js";
import { type Answers, NOTHING_ASKED } from "../probes/pinger.js";
import { PROBED_MAX } from "../probes/reflectors.js";
import {
  type PingerWithFallback,
  withoutTcpFallback,
  withTcpFallback,
} from "../probes/with-tcp-fallback.js";
import { openActuator } from "../shapers/actuator.js";
import { openRouterCalls, type RouterCalls } from "../shapers/calls.js";
import { ROUTEROS_PACE, TC_PACE } from "../shapers/pace.js";
import { openRouterOsCounters } from "../shapers/routeros/queue.js";
import { openRouterOs } from "../shapers/routeros/routeros.js";
import { openSession } from "../shapers/routeros/transport.js";
import { NO_WRITES, type Shaper } from "../shapers/shaper.js";
import { openTc } from "../shapers/tc/tc.js";
import { openSimulatedLine } from "../simulation/line.js";
import {
  type Counters,
  NO_COUNTERS,
  openPassedDevice,
  openProcCounters,
  type PassedDevice,
} from "./counters.js";
import { type IdleRule, inUse, isIdle, nextUse } from "./idle.js";
import type { Cycle } from "./metronome.js";

/** What acts on a real line, what counts its traffic, and who is asked about it. */
interface Parts {
  readonly shaper: Shaper;
  readonly counters: Counters;
  /** What the counted interface is called, and the device that what comes in is led to; null where there is none. */
  readonly wan: string | null;
  readonly download: PassedDevice | null;
  readonly gateway: Gateway;
  readonly addresses: Pick<Addresses, "unknown" | typeof Symbol.dispose>;
  readonly calls: Pick<RouterCalls, "counts">;
}

/** On an idle line a round of probes leaves so often. */
const IDLE_ROUND_MS = 1_000;

/** Nobody answers for so long: does the gateway? */
const SILENT_MS = 1_000;

/** Who did not look for so long stood still. What was under way meanwhile tells of another time. */
export const PAUSED_MS = 1_000;

/** A real line: its answers, its traffic, its interface. */
export function openMeasuredLine(
  pinger: PingerWithFallback,
  { shaper, counters, wan, download, gateway, addresses, calls }: Parts,
  { probe, idleAfterMs }: Pick<ControllerConfig, "probe" | "idleAfterMs">,
  inForce: Reloadable,
  clock: Clock,
): Line {
  const rule = (): IdleRule => ({
    afterMs: idleAfterMs,
    floorBps: eachDirection((name) => inForce.policy.limits[name].floorBps),
  });
  let use = inUse(clock.mono());
  let lookedAt: MonoMs | null = null;
  let heardAt = clock.mono();
  let doesGatewayAnswer: boolean | null = null;

  /** The first device that is not up, else what is known of the WAN's. */
  function worst(): Pick<Signs, "link" | "device"> {
    const link = counters.link();
    const passed = download?.link() ?? null;
    return isUp(link) && !isUp(passed)
      ? { link: passed, device: download?.name ?? null }
      : { link, device: wan };
  }

  function answers(now: MonoMs): Answers {
    const hasPaused = lookedAt !== null && msSince(lookedAt, now) > PAUSED_MS;
    lookedAt = now;
    if (!hasPaused) return withLink(pinger.take(now), worst().link);
    pinger.forget(now);
    return NOTHING_ASKED;
  }

  return {
    beat: (tick) => tick.at,
    take(now): Reading {
      const traffic = counters.take();
      use = nextUse(use, traffic, rule(), now);
      pinger.rest(isIdle(use, rule(), now) ? IDLE_ROUND_MS : null);
      const seen = answers(now);
      // whatever it is, it is found out sooner with all probes
      if (seen.kind === "lost") use = { ...use, usedAt: now };
      if (seen.replies.length > 0 || seen.kind === "asleep") heardAt = now;
      const isSilent = msSince(heardAt, now) > SILENT_MS;
      doesGatewayAnswer = gateway.look(isSilent, now);
      return { ...seen, traffic };
    },
    signs() {
      const { length: all } = probe.reflectors;
      const unknown = addresses.unknown();
      return {
        ...worst(),
        gateway: doesGatewayAnswer,
        isFallback: pinger.isFallback,
        isSparse: pinger.isSparse,
        pingerFault: pinger.fault(),
        asked: Math.min(all, PROBED_MAX),
        ...{ unknown, isNameless: unknown.length === all },
      };
    },
    probing: () => pinger.view(),
    shaper,
    calls: () => calls.counts(),
    async [Symbol.asyncDispose]() {
      gateway[Symbol.dispose]();
      addresses[Symbol.dispose]();
      await Promise.all(
        [pinger, shaper, counters].map((part) => part[Symbol.asyncDispose]()),
      );
    },
  };
}

const isUp = (link: LinkState | null): boolean =>
  link === null || link === "up";

/** What could not even leave was not lost on the line. */
const withLink = (answers: Answers, link: LinkState | null): Answers =>
  answers.replies.length > 0 || isUp(link)
    ? answers
    : { kind: "no_link", replies: [], lost: 0 };

/** What a controller measures and acts upon: a real line, or a simulated one that keeps its own time. */
export interface Line extends AsyncDisposable {
  /** The instant of this beat. */
  beat(tick: Cycle): MonoMs;
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
type Reloadable = Pick<ControllerConfig, "policy">;

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
    ? openIcmp(probe, clock, report, shared)
    : openFping(pinged, clock, report);
  const pinger =
    fallbackPort === null
      ? withoutTcpFallback(pings, pinged, clock)
      : withTcpFallback(pings, fallbackPort, probe, clock, shared);
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
