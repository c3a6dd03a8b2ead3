import { eachDirection } from "../../shared/contract/direction.js";
import type { CallCounts } from "../../shared/contract/router-call.js";
import {
  type Clock,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";
import type { LinkState, Signs } from "../condition/classification.js";
import type { Policy, Reading } from "../law/inputs.js";
import type { Addresses } from "../probes/addresses.js";
import type { Gateway } from "../probes/gateway.js";
import {
  type Answers,
  NOTHING_ASKED,
  type ProbeConfig,
} from "../probes/pinger.js";
import { PROBED_MAX } from "../probes/reflectors.js";
import type { PingerWithFallback } from "../probes/with-fallback.js";
import type { RouterCalls } from "../shapers/calls.js";
import type { Shaper } from "../shapers/shaper.js";
import type { Counters, PassedDevice } from "./counters.js";
import { type IdleRule, inUse, isIdle, nextUse } from "./idle.js";
import type { Cycle } from "./metronome.js";

/** What a backend opens: what sets the rates of a real line, and what counts its traffic. */
export interface Shaped {
  readonly shaper: Shaper;
  readonly counters: Counters;
  /** The interface whose traffic is counted; null where it has no name here. */
  readonly wan: string | null;
  /** The device that incoming traffic is led to; null where there is none. */
  readonly download: PassedDevice | null;
  readonly calls: Pick<RouterCalls, "counts">;
}

interface Parts extends Shaped {
  readonly gateway: Gateway;
  readonly addresses: Pick<Addresses, "unknown" | typeof Symbol.dispose>;
}

/** The part of the configuration that may change while a line is open: asked for at each use, never kept. */
export interface Reloadable {
  readonly policy: Policy;
}

/** ms between rounds of probes on an idle line. */
const IDLE_ROUND_MS = 1_000;

/** ms without any answer after which the gateway is probed. */
const SILENT_MS = 1_000;

/** More than 1 s between two cycles: the process was suspended; probes in flight are discarded. */
export const PAUSED_MS = 1_000;

interface Measuring {
  readonly probe: ProbeConfig;
  /** ms without traffic after which the line is probed less; null: never. */
  readonly idleAfterMs: number | null;
}

/** A real line: its answers, its traffic, its interface. */
export function openMeasuredLine(
  pinger: PingerWithFallback,
  { shaper, counters, wan, download, gateway, addresses, calls }: Parts,
  { probe, idleAfterMs }: Measuring,
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
    startOf: (tick) => tick.at,
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
  /** When this cycle starts. */
  startOf(tick: Cycle): MonoMs;
  /** The facts that came since the last cycle, each once. */
  take(now: MonoMs): Reading;
  /** What is known of the line besides its answers. */
  signs(): Signs;
  /** How it measures, for people. */
  probing(): Readonly<Record<string, unknown>>;
  readonly shaper: Shaper;
  /** How what was asked of the router ended. */
  calls(): CallCounts;
}
