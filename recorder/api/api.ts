import type { Clock } from "../../shared/clock.js";
import type { Health } from "../../shared/health.js";
import type { Log } from "../../shared/log.js";
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
import { openServer, type Server } from "./server.js";

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

/** Serves what the recorder knows over HTTP. @throws Failure where the address cannot be had */
export async function openApi(
  config: HttpConfig,
  parts: Parts,
): Promise<Server> {
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
  const server = await openServer(
    config,
    routes,
    { clock, log },
    (route, code) => exposition.answered(route, code),
  );
  intake.observe({
    heard(frame, isLive) {
      if (present.admits(frame.source)) {
        exposition.heard(frame);
        if (isLive) present.hear(frame, clock.mono());
      }
      if (isLive) audience.hear(frame);
    },
    committed: (tookMs) => exposition.committed(tookMs),
  });
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      audience[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
