import { parentPort, workerData } from "node:worker_threads";
import { reasonOf } from "../../shared/runtime/failure.js";
import { loadControllerConfig } from "./config.js";
import type { ReloadAnswer } from "./reload.js";

const answer = (given: ReloadAnswer) => parentPort?.postMessage(given);

try {
  answer({ kind: "loaded", loaded: loadControllerConfig(String(workerData)) });
} catch (error) {
  answer({ kind: "refused", why: reasonOf(error) });
}
