import { Failure } from "../../shared/failure.js";
import { runFolder } from "../../shared/paths.js";
import { runRecorder } from "../../recorder/main.js";

/** The recorder as a process of its own: `node recorder-process.js FILE RUN`. */
const [file = "", run = ""] = process.argv.slice(2);
try {
  await runRecorder(file, runFolder(run));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
