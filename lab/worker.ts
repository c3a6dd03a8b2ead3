import { parentPort, workerData } from "node:worker_threads";
import { type LineTrace, traceScenarios } from "./line-trace.js";
import { SCENARIOS } from "./scenarios.js";
import type { Task } from "./score.js";
import { perform } from "./tasks.js";

const scenarios = [
  ...SCENARIOS,
  ...traceScenarios(workerData as readonly LineTrace[]),
];

parentPort?.on("message", (task: Task) => {
  parentPort?.postMessage(perform(task, scenarios));
});
