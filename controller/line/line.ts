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

/** What a backend opens for a real line: its shaper and its byte counters. */
export interface Shaped {
  readonly shaper: Shaper;
  readonly counters: Counters;
  /** The interface whose traffic is counted; null if it has no name on this host. */
  readonly wan: string | null;
  /** The device that incoming traffic is redirected to (ifb); null if there is none. */
  readonly download: PassedDevice | null;
  readonly calls: Pick<RouterCalls, "counts">;
}

interface Parts extends Shaped {
  readonly gateway: Gateway;
  readonly addresses: Pick<Addresses, "unknown" | typeof Symbol.dispose>;
}

/** The part of the configuration that may change while a line is open: read at each use, never copied. */
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

  /** The first device that is not up, else the WAN's. */
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
      // after a loss probe at the full rate, to find the cause sooner
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

/** While the link is down, unanswered probes never left: they do not count as lost. */
const withLink = (answers: Answers, link: LinkState | null): Answers =>
  answers.replies.length > 0 || isUp(link)
    ? answers
    : { kind: "no_link", replies: [], lost: 0 };

/** The line a controller measures and shapes: a real one, or a simulated one with a clock of its own. */
export interface Line extends AsyncDisposable {
  /** When this cycle starts. */
  startOf(tick: Cycle): MonoMs;
  /** The measurements since the last cycle, each once. */
  take(now: MonoMs): Reading;
  /** Facts about the line besides the answers. */
  signs(): Signs;
  /** How it is probed, for the health socket. */
  probing(): Readonly<Record<string, unknown>>;
  readonly shaper: Shaper;
  /** Calls to the router, by outcome. */
  calls(): CallCounts;
}
