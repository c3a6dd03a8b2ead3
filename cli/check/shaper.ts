import type { ControllerConfig } from "../../controller/config/config.js";
import { ownName } from "../../controller/probes/libc.js";
import { findings } from "../../controller/qdisc/findings.js";
import { lookAtHost } from "../../controller/qdisc/look.js";
import { openRouterOs } from "../../controller/shapers/routeros/routeros.js";
import { openSession } from "../../controller/shapers/routeros/transport.js";
import { eachDirection } from "../../shared/contract/direction.js";
import { systemClock } from "../../shared/runtime/clock.js";
import { reasonOf } from "../../shared/runtime/failure.js";
import type { Look } from "./judged.js";

/** What shapes a WAN. Asks the router or this host, and changes nothing. */
export async function lookAtShaper(config: ControllerConfig): Promise<Look> {
  const { is, warnings } = await shaperOf(config).catch((error: unknown) => ({
    is: "cannot look",
    warnings: [reasonOf(error)],
  }));
  return { is, problems: warnings.map((rule) => ({ key: "shaper", rule })) };
}

interface Described {
  readonly is: string;
  readonly warnings: readonly string[];
}

async function shaperOf({
  shaper,
  policy,
}: ControllerConfig): Promise<Described> {
  switch (shaper.backend) {
    case "simulated":
      return { is: "a simulated line", warnings: [] };
    case "tc": {
      const { queue } = shaper;
      const devices = eachDirection((name) => ownName(shaper.devices[name]));
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
