import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Loaded } from "../../shared/config/config.js";
import { MINUTE_MS } from "../../shared/contract/units.js";
import { Failure } from "../../shared/runtime/failure.js";
import type { ControllerConfig } from "./config.js";

/** Keys that can change without reopening sockets, probes or the connection to the router. */
export const RELOADABLE_KEYS =
  /^(preset|on_stop|log\.format|(download|upload|thresholds)\..+)$/;

export type ReloadAnswer =
  | { readonly kind: "loaded"; readonly loaded: Loaded<ControllerConfig> }
  | { readonly kind: "refused"; readonly why: string };

/** Time limit for a reload, ms; then it is refused. On a busy machine a thread takes seconds to start. */
const DEADLINE_MS = MINUTE_MS;

/** Reads a controller's file in a thread, so that a slow disk or a long file delays no cycle. @throws Failure */
export async function readBeside(
  file: string,
): Promise<Loaded<ControllerConfig>> {
  const url = new URL("./thread.js", import.meta.url);
  const thread = new Worker(url, { workerData: file });
  thread.unref();
  try {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const [answer] = (await once(thread, "message", { signal }).catch(
      (error: unknown) => {
        if (!signal.aborted) throw error;
        throw new Failure(
          `Cannot read '${file}': it took more than ${DEADLINE_MS / 1e3} s`,
        );
      },
    )) as [ReloadAnswer];
    if (answer.kind === "loaded") return answer.loaded;
    throw new Failure(answer.why);
  } finally {
    void thread.terminate();
  }
}
