import { systemClock } from "../../../shared/runtime/clock.js";
import { demandProgram } from "../../config/needs.js";
import { NO_COUNTERS } from "../../line/counters.js";
import { openActuator } from "../actuator.js";
import type { RealBackend } from "../backend.js";
import { openRouterCalls } from "../calls.js";
import {
  NAME,
  ROUTEROS_RULES,
  ROUTEROS_SCHEMA,
  type RouterOsChoice,
  routerOsConfig,
  routerOsDerived,
  type RouterOsFile,
} from "./config.js";
import { ROUTEROS_PACE } from "./pace.js";
import { openRouterOsCounters } from "./queue.js";
import { openRouterOs } from "./routeros.js";
import { openSession } from "./transport.js";

/** A MikroTik router. */
export const ROUTEROS = {
  name: NAME,
  doc: "a MikroTik router",
  schema: ROUTEROS_SCHEMA,
  rules: ROUTEROS_RULES,
  isSimulated: false,
  isRemote: true,
  pace: ROUTEROS_PACE,
  configOf: ({ shaper }) => ({
    backend: NAME,
    router: routerOsConfig(shaper),
    onForeign: shaper.on_foreign,
  }),
  derived: routerOsDerived,
  identity({ router: { host, queues } }) {
    return `${host} ${queues.names.upload} ${queues.names.download}`;
  },
  /** REST needs no program. */
  needs({ router }) {
    if (router.ways.some((way) => way?.transport === "ssh"))
      demandProgram("ssh", "openssh-client");
  },
  open({ router, onForeign }, clock, report) {
    const calls = openRouterCalls();
    const session = openSession(router, clock, calls);
    const { wanInterface } = router;
    const queues = openRouterOs(session, router.queues, clock);
    const settings = { pace: ROUTEROS_PACE, onForeign };
    return Promise.resolve({
      shaper: openActuator(queues, settings, clock, report),
      counters:
        wanInterface === null
          ? NO_COUNTERS
          : openRouterOsCounters(session, wanInterface, clock),
      ...{ wan: wanInterface, download: null, calls },
    });
  },
  async check({ router }) {
    const session = openSession(router, systemClock);
    await using queues = openRouterOs(session, router.queues, systemClock);
    const outcome = await queues.describe();
    return outcome.kind === "done"
      ? outcome.value
      : { is: `router ${router.host}`, warnings: [outcome.why] };
  },
  queue({ shaper }, direction, names) {
    const key = `${direction}_queue` as const;
    const name = shaper[key] ?? shaper.download_queue;
    if (name === null || shaper.host === null) return null;
    const hosts = names.host(shaper.host);
    const places = hosts.map((host) => `${host} ${shaper.queue} ${name}`);
    return { key, name, places };
  },
  hosts: ({ router }) => [router.host],
  hostQueues: () => null,
} as const satisfies RealBackend<RouterOsFile, RouterOsChoice>;
