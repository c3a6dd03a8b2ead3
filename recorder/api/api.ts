import type { Clock } from "../../shared/runtime/clock.js";
import type { Health } from "../../shared/runtime/health.js";
import type { Log } from "../../shared/runtime/log.js";
import type { CatchUp } from "../catch-up.js";
import type { HttpConfig } from "../http-config.js";
import type { Intake } from "../intake.js";
import type { Maintenance } from "../maintenance.js";
import { libraryOf } from "../reader/library.js";
import { openReader } from "../reader/reader.js";
import type { Store } from "../store/store.js";
import { openAudience } from "./audience.js";
import { openPresent } from "./present.js";
import { openExposition } from "./prometheus/exposition.js";
import { routesOf } from "./routes.js";
import { openServer } from "./server.js";

/** The recorder, as far as it is looked at from outside. */
export interface Parts {
  readonly look: () => Health;
  readonly store: Store;
  readonly intake: Intake;
  readonly maintenance: Maintenance;
  readonly catchUp: Pick<CatchUp, "counts">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where one can ask, and who. */
export interface Places {
  /** Null where HTTP is off. */
  readonly http: HttpConfig | null;
  readonly socket: string;
}

/** What was opened: where HTTP is served, null where it is off. */
export interface Api extends AsyncDisposable {
  readonly url: string | null;
}

/** Answers at a Unix socket, and over HTTP where that is wished. @throws Failure where a place cannot be had */
export async function openApi(
  { http, socket }: Places,
  parts: Parts,
): Promise<Api> {
  const { look, store, intake, clock, log } = parts;
  const present = openPresent();
  const audience = openAudience();
  const exposition = openExposition({
    ...parts,
    present,
    audience,
    isFine: () => look().status === "fine",
  });
  const history = openReader(libraryOf(store, clock), clock);
  const routes = routesOf({ ...parts, history, present, audience, exposition });
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
      if (isLive) audience.hear(frame);
    },
    committed: (tookMs) => exposition.committed(tookMs),
  });
  const local = await serve({ path: socket });
  const server = http && (await serve(http));
  return {
    url: server && server.url,
    async [Symbol.asyncDispose]() {
      audience[Symbol.dispose]();
      await server?.[Symbol.asyncDispose]();
      await local[Symbol.asyncDispose]();
    },
  };
}
