import { eachDirection } from "../shared/contract/direction.js";
import { type Clock, type MonoMs, since } from "../shared/runtime/clock.js";
import type { Link, Signs } from "./condition.js";
import type { ControllerConfig } from "./config.js";
import type { Counters } from "./counters/counters.js";
import type { PassedDevice } from "./counters/device.js";
import { followUse, type IdleRule, inUse, isIdle } from "./idle.js";
import type { Reading } from "./law/reading.js";
import type { Line, Reloadable } from "./line.js";
import type { Addresses } from "./pinger/addresses.js";
import type { BackedPinger } from "./pinger/backed.js";
import type { Gateway } from "./pinger/gateway.js";
import { type Answers, NOTHING_ASKED } from "./pinger/pinger.js";
import { PROBED_MAX } from "./pinger/reflectors.js";
import type { RouterCalls } from "./shaper/router-calls.js";
import type { Shaper } from "./shaper/shaper.js";

/** What acts on a real line, what counts its traffic, and who is asked about it. */
export interface Parts {
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
  pinger: BackedPinger,
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
    const hasPaused = lookedAt !== null && since(lookedAt, now) > PAUSED_MS;
    lookedAt = now;
    if (!hasPaused) return withLink(pinger.take(now), worst().link);
    pinger.forget(now);
    return NOTHING_ASKED;
  }

  return {
    beat: (tick) => tick.at,
    take(now): Reading {
      const traffic = counters.take();
      use = followUse(use, traffic, rule(), now);
      pinger.rest(isIdle(use, rule(), now) ? IDLE_ROUND_MS : null);
      const seen = answers(now);
      // whatever it is, it is found out sooner with all probes
      if (seen.kind === "lost") use = { ...use, usedAt: now };
      if (seen.replies.length > 0 || seen.kind === "asleep") heardAt = now;
      const isSilent = since(heardAt, now) > SILENT_MS;
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

const isUp = (link: Link | null): boolean => link === null || link === "up";

/** What could not even leave was not lost on the line. */
const withLink = (answers: Answers, link: Link | null): Answers =>
  answers.replies.length > 0 || isUp(link)
    ? answers
    : { kind: "no_link", replies: [], lost: 0 };
