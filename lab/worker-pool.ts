import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { LineTrace } from "./line-trace.js";
import type { TaskResult, Task } from "./score.js";

const WORKER = fileURLToPath(new URL("./worker.js", import.meta.url));

/**
 * Runs the tasks on all processors; the results are in the order of the tasks.
 * @param traces what their scenarios are made of where the lab has none of that name
 * @param progress is called with the number of finished tasks
 */
export async function performAll(
  tasks: readonly Task[],
  traces: readonly LineTrace[],
  progress: (done: number) => void,
): Promise<readonly TaskResult[]> {
  const outcomes: TaskResult[] = [];
  let next = 0;
  let done = 0;
  const count = Math.min(availableParallelism(), tasks.length);
  const work = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      let mine = -1;
      const more = () => {
        mine = next++;
        if (mine < tasks.length) worker.postMessage(tasks[mine]);
        else resolve();
      };
      worker.on("message", (outcome: TaskResult) => {
        outcomes[mine] = outcome;
        progress(++done);
        more();
      });
      worker.on("error", reject);
      more();
    });
  const workers = Array.from(
    { length: count },
    () => new Worker(WORKER, { workerData: traces }),
  );
  try {
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return outcomes;
}
