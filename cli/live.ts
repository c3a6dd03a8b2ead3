import type { ControllerConfig } from "../controller/config.js";
import { findings } from "../controller/qdisc/findings.js";
import { lookAtHost } from "../controller/qdisc/look.js";
import { openRouterOs } from "../controller/shaper/routeros.js";
import { openSession } from "../controller/shaper/transport.js";
import { systemClock } from "../shared/clock.js";

/** What shapes a WAN, looked at now: what it is, and what keeps its rates from working. */
export interface Look {
  readonly is: string;
  readonly warnings: readonly string[];
}

/** Asks the router or this host; changes nothing. @throws Failure when a secret cannot be read */
export async function lookAt({
  shaper,
  policy,
}: ControllerConfig): Promise<Look> {
  switch (shaper.backend) {
    case "simulated":
      return { is: "a simulated line", warnings: [] };
    case "tc": {
      const { devices, queue } = shaper;
      const wanted = { devices, queue, limits: policy.limits };
      const found = findings(wanted, lookAtHost(wanted));
      return {
        is: `queues of this host on ${devices.upload} and ${devices.download}`,
        warnings: found.map(({ what }) => what),
      };
    }
    case "routeros": {
      const { router } = shaper;
      const session = openSession(router, systemClock);
      await using queues = openRouterOs(session, router.queues, systemClock);
      const outcome = await queues.describe();
      return outcome.kind === "done"
        ? outcome.value
        : { is: `router ${router.host}`, warnings: [outcome.why] };
    }
  }
}
