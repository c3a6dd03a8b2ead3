import type { Clock } from "../../shared/runtime/clock.js";
import type { Health } from "../../shared/runtime/health.js";
import type { History } from "../reader/history.js";
import type { Audience } from "./audience.js";
import { eventsRoute } from "./events.js";
import { gapsRoute } from "./gaps.js";
import { healthRoute } from "./health.js";
import { liveRoute } from "./live.js";
import { metricsHistoryRoute } from "./metrics-history.js";
import { metricsRoute } from "./metrics.js";
import { openapiRoute } from "./openapi.js";
import { pageRoutes } from "./page.js";
import type { Present } from "./present.js";
import type { Exposition } from "./prometheus/exposition.js";
import { rangeRoute } from "./range.js";
import type { Route } from "./route.js";
import { seriesRoute } from "./series.js";
import { summaryRoute } from "./summary.js";
import { wansRoute } from "./wans.js";

/** What routes answer from. */
export interface Sight {
  readonly look: () => Health;
  readonly history: History;
  readonly present: Present;
  readonly audience: Audience;
  readonly exposition: Exposition;
  readonly clock: Clock;
}

/** All that is served. */
export function routesOf(sight: Sight): readonly Route[] {
  const { look, history, present, audience, exposition, clock } = sight;
  const routes = [
    healthRoute(look),
    metricsRoute(exposition),
    metricsHistoryRoute(history, clock),
    wansRoute(present, clock),
    liveRoute(audience),
    seriesRoute(history),
    rangeRoute(history, clock),
    summaryRoute(history, clock),
    eventsRoute(history, clock),
    gapsRoute(history, clock),
  ];
  return [...routes, openapiRoute(routes), ...pageRoutes()];
}
