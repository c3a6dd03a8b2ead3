import { isIPv6 } from "node:net";
import type { Clock } from "../../shared/runtime/clock.js";
import type { Report } from "../../shared/runtime/outage.js";
import type { ControllerConfig } from "../config/config.js";
import { openAddresses } from "../probes/addresses.js";
import { openBudget } from "../probes/budget.js";
import { openGateway } from "../probes/gateway.js";
import { fallbackOf, pingerFor } from "../probes/kinds.js";
import { withFallback, withoutFallback } from "../probes/with-fallback.js";
import { backendOf } from "../shapers/backends.js";
import { type Line, openMeasuredLine, type Reloadable } from "./line.js";

/** Opens the line of a configuration, after checking its programs and privileges. @throws Failure */
export async function openLine(
  config: ControllerConfig,
  inForce: Reloadable,
  clock: Clock,
  report: Report,
): Promise<Line> {
  const { shaper, probe, probeBudgetBps, fallback } = config;
  const backend = backendOf(shaper);
  if (backend.isSimulated) return backend.open(shaper, probe, config.policy);
  const kind = pingerFor(probe);
  backend.needs(shaper);
  const shaped = await backend.open(shaper, clock, report);
  const family = isIPv6(probe.source ?? "") ? 6 : 4;
  const addresses = openAddresses(probe.reflectors, family, clock, report);
  const { probe: pinged, leftBps } = kind.within(probe, probeBudgetBps);
  const budget = openBudget(leftBps, clock.mono());
  const shared = { addresses, budget };
  const pings = kind.open(pinged, clock, report, shared);
  const pinger =
    fallback === null
      ? withoutFallback(pings, pinged, clock)
      : withFallback(
          pings,
          fallback.kind,
          fallbackOf(fallback.kind).open(probe, fallback.port, clock, shared),
          probe,
          clock,
        );
  const gateway = openGateway(probe, clock);
  return openMeasuredLine(
    pinger,
    { ...shaped, gateway, addresses },
    config,
    inForce,
    clock,
  );
}
