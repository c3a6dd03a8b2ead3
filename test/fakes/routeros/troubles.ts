import { createHash, X509Certificate } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { openActuator } from "../../../controller/shapers/actuator.js";
import { ROUTEROS_PACE } from "../../../controller/shapers/routeros/pace.js";
import { openRest } from "../../../controller/shapers/routeros/rest.js";
import { openRouterOs } from "../../../controller/shapers/routeros/routeros.js";
import type { BackendView } from "../../../controller/shapers/shaper.js";
import type { EventName } from "../../../shared/contract/event.js";
import {
  type Clock,
  msSince,
  systemClock,
} from "../../../shared/runtime/clock.js";
import type { Fields } from "../../../shared/runtime/log.js";
import { ROUTER, STRANGER } from "./certificate.js";
import { openDevice } from "./device.js";
import {
  type FakeRouterOs,
  openFakeRouterOs,
  PASSWORD,
  USER,
} from "./server.js";

/** Something that goes wrong with a router, what comes of it, and how it ends. */
export interface Trouble {
  readonly what: string;
  /** The fault that the router is lost by; null where it is not. */
  readonly fault: string | null;
  provoke(router: FakeRouterOs): unknown;
  heal(router: FakeRouterOs): unknown;
}

const mood = (
  name: FakeRouterOs["mood"],
  what: string,
  fault: string,
): Trouble => ({
  ...{ what, fault },
  provoke: (router) => (router.mood = name),
  heal: (router) => (router.mood = "fine"),
});

const editUpload = (router: FakeRouterOs, limit: string) =>
  router.device.edit("queue/tree", "wan-upload", { "max-limit": limit });

const fine = () => undefined;

export const TROUBLES: readonly Trouble[] = [
  mood("hangs", "does not answer", "timeout"),
  mood("busy", "says 503", "busy"),
  mood("drops", "ends connections", "unreachable"),
  mood("locked", "says 401", "unauthorized"),
  mood("forbidden", "says 500, not allowed", "unauthorized"),
  mood("garbage", "answers with a web page", "refused"),
  {
    what: "says 200 and does nothing",
    fault: "refused",
    provoke: (router) => (router.device.lies = true),
    heal: (router) => (router.device.lies = false),
  },
  {
    what: "is away",
    fault: "unreachable",
    provoke: (router) => router.vanish(),
    heal: (router) => router.appear(),
  },
  {
    what: "restarts, and its ids change",
    fault: "unreachable",
    async provoke(router) {
      await router.vanish();
      router.device.reboot();
    },
    heal: (router) => router.appear(),
  },
  {
    what: "shows another certificate",
    fault: "untrusted",
    provoke: (router) => router.show(STRANGER),
    heal: (router) => router.show(ROUTER),
  },
  {
    what: "lacks a queue",
    fault: "not_found",
    provoke: ({ device }) =>
      device.edit("queue/tree", "wan-upload", { name: "gone" }),
    heal: ({ device }) =>
      device.edit("queue/tree", "gone", { name: "wan-upload" }),
  },
  {
    what: "takes 400 ms for everything",
    fault: null,
    provoke: (router) => (router.slowMs = 400),
    heal: (router) => (router.slowMs = 0),
  },
  {
    what: "ignores filters",
    fault: null,
    provoke: (router) => (router.ignoresFilters = true),
    heal: (router) => (router.ignoresFilters = false),
  },
  {
    what: "has the upload's limit changed by hand",
    fault: null,
    provoke: (router) => editUpload(router, "123000"),
    heal: fine,
  },
  {
    what: "has the upload's limit taken away",
    fault: null,
    provoke: (router) => editUpload(router, "0"),
    heal: fine,
  },
];

export interface Ending {
  /** `router_lost timeout`, `rate_foreign` ..., in the order they came. */
  readonly events: readonly string[];
  /** From the end of the trouble until the right rates were in force. */
  readonly healedMs: number;
  /** The longest that handing a wish over took. */
  readonly requestMs: number;
  readonly rates: Readonly<Record<string, string | undefined>>;
  readonly wish: Readonly<Record<string, string>>;
  /** All that was said, as one would read it in a log or at the health socket. */
  readonly said: string;
  readonly view: BackendView;
}

const BEAT_MS = 50;
const BEFORE_MS = 300;
const DURING_MS = 2_000;
const NAMES = { download: "wan-download", upload: "wan-upload" } as const;

/** Plays a trouble in real time, while the wish moves at every beat. @param clock that of the actuator */
export async function play(trouble: Trouble, clock: Clock): Promise<Ending> {
  await using router = await openFakeRouterOs(openDevice());
  const { device } = router;
  const said: { event: EventName; detail: Fields }[] = [];
  const session = openRest({
    ...{ host: "127.0.0.1", port: router.port, user: USER },
    trust: { kind: "pinned", sha256: fingerprint(ROUTER.cert) },
    ...{ password: () => PASSWORD, deadlineMs: 1_200 },
  });
  await using shaper = openActuator(
    openRouterOs(session, { kind: "tree", names: NAMES }, clock),
    { pace: ROUTEROS_PACE, onForeign: "correct" },
    clock,
    (event, detail) => said.push({ event, detail }),
  );
  const views = new Set<string>();
  let wishKbps = 8_000;
  let requestMs = 0;
  const limits = (kbps: number) => ({
    [NAMES.download]: String(kbps * 1e3),
    [NAMES.upload]: String(kbps * 500),
  });
  const beat = async () => {
    const begun = systemClock.mono();
    shaper.request({ download: wishKbps * 1e3, upload: wishKbps * 500 });
    requestMs = Math.max(requestMs, msSince(begun, systemClock.mono()));
    views.add(JSON.stringify(shaper.view()));
    await pause(BEAT_MS);
  };
  const beats = async (ms: number) => {
    for (
      const from = systemClock.mono();
      msSince(from, systemClock.mono()) < ms;
    )
      await beat();
  };
  const isRight = () =>
    Object.entries(limits(wishKbps)).every(
      ([name, limit]) =>
        device.value("queue/tree", name, "max-limit") === limit,
    ) && shaper.view().reachable;

  while (!isRight()) await beat();
  await beats(BEFORE_MS);
  requestMs = 0;
  await trouble.provoke(router);
  for (
    const from = systemClock.mono();
    msSince(from, systemClock.mono()) < DURING_MS;
  ) {
    wishKbps = wishKbps > 4_000 ? wishKbps - 100 : 8_000;
    await beat();
  }
  wishKbps = 6_000;
  await trouble.heal(router);
  const healed = systemClock.mono();
  while (!isRight() && msSince(healed, systemClock.mono()) < 40_000)
    await beat();
  const healedMs = msSince(healed, systemClock.mono());
  return {
    events: said.map(({ event, detail }) =>
      [event, detail["fault"] ?? ""].join(" ").trim(),
    ),
    ...{ healedMs, requestMs, wish: limits(wishKbps), view: shaper.view() },
    rates: Object.fromEntries(
      ["other", ...Object.values(NAMES)].map((name) => [
        name,
        device.value("queue/tree", name, "max-limit"),
      ]),
    ),
    said: [JSON.stringify(said), ...views].join("\n"),
  };
}

export const fingerprint = (pem: string): string =>
  createHash("sha256").update(new X509Certificate(pem).raw).digest("hex");
