import { parentPort } from "node:worker_threads";
import type { Task } from "./score.js";
import { perform } from "./tasks.js";

parentPort?.on("message", (task: Task) => {
  parentPort?.postMessage(perform(task));
});
