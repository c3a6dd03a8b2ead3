import {
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { makeFolder } from "../../shared/runtime/files.js";
import { runFolder, type RunFolder } from "../../shared/runtime/paths.js";

/** Where a demo lives: configuration, logs, sockets and the database. Kept, so that history grows from demo to demo. */
export interface DemoFolder {
  readonly root: string;
  readonly run: RunFolder;
  readonly database: string;
  /** The configuration of a WAN or of the recorder. */
  config(name: string): string;
  log(name: string): string;
}

const EXAMPLES = new URL("../../../config/", import.meta.url);

/** How the examples say "the demo's folder". */
const PLACE = "${WANCTL_DEMO:-.}";

/**
 * Makes the folder, for its owner only, and writes the configurations afresh from the examples in config/.
 * @throws Failure where the folder cannot be made or is somebody else's
 */
export function openDemoFolder(
  dir: string | undefined,
  names: readonly string[],
): DemoFolder {
  const uid = process.getuid?.() ?? 0;
  const root = resolve(dir ?? join(tmpdir(), `wanctl-demo-${uid}`));
  const run = runFolder(join(root, "run"));
  const config = (name: string) => join(root, `${name}.yaml`);
  const log = (name: string) => join(root, `${name}.log`);
  const refuse = (rule: string): never => {
    throw new Failure(
      `Cannot use demo folder '${root}': ${rule}: choose another with --dir`,
    );
  };
  try {
    makeFolder(root, 0o700);
    // Below /tmp anybody may have been there first.
    const found = lstatSync(root);
    if (!found.isDirectory() || found.uid !== uid)
      refuse("must be a folder of yours");
    for (const name of names) {
      const example = new URL(`demo-${name}.yaml`, EXAMPLES);
      const text = readFileSync(example, "utf8").replaceAll(PLACE, root);
      writeFileSync(config(name), text, { mode: 0o600 });
      closeSync(openSync(log(name), "a", 0o600));
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    refuse(`must be writable: got ${reasonOf(error)}`);
  }
  return {
    root,
    run,
    database: join(root, "metrics.db"),
    config,
    log,
  };
}
