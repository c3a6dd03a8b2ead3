import type { Clock } from "../../shared/runtime/clock.js";
import type { Health } from "../../shared/runtime/health.js";
import type { Log } from "../../shared/runtime/log.js";
import type { CatchUp } from "../ingest/catch-up.js";
import type { Intake } from "../ingest/intake.js";
import type { Maintenance } from "../maintenance/maintenance.js";
import type { History } from "../query/history.js";
import { openQueryRunner } from "../query/query-runner.js";
import { openReader } from "../query/reader.js";
import type { Store } from "../store/store.js";
import type { HttpConfig } from "./config.js";
import { seriesRoute } from "./history-schema.js";
import { openPresent, type Present } from "./present.js";
import {
  type Exposition,
  metricsRoute,
  openExposition,
} from "./prometheus/exposition.js";
import type { Route } from "./route.js";
import { eventsRoute, gapsRoute } from "./routes/events.js";
import { healthRoute, openapiRoute } from "./routes/health.js";
import { liveRoute, openSseClients, type SseClients } from "./routes/live.js";
import { metricsHistoryRoute } from "./routes/metrics-history.js";
import { pageRoutes } from "./routes/page.js";
import { rangeRoute } from "./routes/range.js";
import { summaryRoute } from "./routes/summary.js";
import { wansRoute } from "./routes/wans.js";
import { openServer } from "./server.js";

/** What routes read from. */
export interface ApiSources {
  readonly look: () => Health;
  readonly history: History;
  readonly present: Present;
  readonly sseClients: SseClients;
  readonly exposition: Exposition;
  readonly clock: Clock;
}

/** All routes. */
export function routesOf(sight: ApiSources): readonly Route[] {
  const { look, history, present, sseClients, exposition, clock } = sight;
  const routes = [
    healthRoute(look),
    metricsRoute(exposition),
    metricsHistoryRoute(history, clock),
    wansRoute(present, clock),
    liveRoute(sseClients),
    seriesRoute(history),
    rangeRoute(history, clock),
    summaryRoute(history, clock),
    eventsRoute(history, clock),
    gapsRoute(history, clock),
  ];
  return [...routes, openapiRoute(routes), ...pageRoutes()];
}

/** The parts of the recorder that the API reads. */
interface Parts {
  readonly look: () => Health;
  readonly store: Store;
  readonly intake: Intake;
  readonly maintenance: Maintenance;
  readonly catchUp: Pick<CatchUp, "counts">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where the API is served. */
interface Places {
  /** Null if HTTP is off. */
  readonly http: HttpConfig | null;
  readonly socket: string;
}

/** The running API: its HTTP address, null if HTTP is off. */
interface Api extends AsyncDisposable {
  readonly url: string | null;
}

/** Serves on a Unix socket, and over TCP if configured. @throws Failure if an address cannot be bound */
export async function openApi(
  { http, socket }: Places,
  parts: Parts,
): Promise<Api> {
  const { look, store, intake, clock, log } = parts;
  const present = openPresent();
  const sseClients = openSseClients();
  const exposition = openExposition({
    ...parts,
    present,
    sseClients,
    isFine: () => look().status === "fine",
  });
  const history = openReader(openQueryRunner(store, clock), clock);
  const routes = routesOf({
    ...parts,
    history,
    present,
    sseClients,
    exposition,
  });
  const serve = (place: HttpConfig | { readonly path: string }) =>
    openServer(place, routes, { clock, log }, (route, code) =>
      exposition.answered(route, code),
    );
  intake.observe({
    heard(frame, isLive, isKept) {
      if (present.admits(frame.source)) {
        if (isKept) exposition.heard(frame);
        if (isLive) present.hear(frame, clock.mono());
      }
      if (isLive) sseClients.hear(frame);
    },
    committed: (tookMs) => exposition.committed(tookMs),
  });
  const local = await serve({ path: socket });
  const server = http && (await serve(http));
  return {
    url: server && server.url,
    async [Symbol.asyncDispose]() {
      sseClients[Symbol.dispose]();
      await server?.[Symbol.asyncDispose]();
      await local[Symbol.asyncDispose]();
    },
  };
}
