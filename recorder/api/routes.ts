import type { Clock } from "../../shared/clock.js";
import type { Health } from "../../shared/health.js";
import type { Store } from "../store/store.js";
import type { Audience } from "./audience.js";
import { eventsRoute } from "./events.js";
import { gapsRoute } from "./gaps.js";
import { healthRoute } from "./health.js";
import { liveRoute } from "./live.js";
import { metricsRoute } from "./metrics.js";
import { openapiRoute } from "./openapi.js";
import { pageRoutes } from "./page.js";
import type { Present } from "./present.js";
import type { Exposition } from "./prometheus/exposition.js";
import type { Route } from "./route.js";
import { openTurns } from "./turns.js";
import { wansRoute } from "./wans.js";

/** What routes answer from. */
export interface Sight {
  readonly look: () => Health;
  readonly store: Store;
  readonly present: Present;
  readonly audience: Audience;
  readonly exposition: Exposition;
  readonly clock: Clock;
}

/** All that is served. */
export function routesOf(sight: Sight): readonly Route[] {
  const { look, store, present, audience, exposition, clock } = sight;
  const reading = { store, turns: openTurns(clock), clock };
  const routes = [
    healthRoute(look),
    metricsRoute(exposition),
    wansRoute(present, clock),
    liveRoute(audience),
    eventsRoute(reading),
    gapsRoute(reading),
  ];
  return [...routes, openapiRoute(routes), ...pageRoutes()];
}
