import { runRecorder } from "../../recorder/main.js";
import { Failure } from "../../shared/runtime/failure.js";
import { runFolder } from "../../shared/runtime/paths.js";

/** The recorder as a process of its own: `node recorder-process.js FILE RUN [GONE_MS]`. */
const [file = "", run = "", goneMs] = process.argv.slice(2);
try {
  const limits = goneMs === undefined ? {} : { goneMs: Number(goneMs) };
  await runRecorder(file, runFolder(run), limits);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
