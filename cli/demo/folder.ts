import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { makeFolder } from "../../shared/runtime/files.js";
import { runFolder, type RunFolder } from "../../shared/runtime/paths.js";

/** A wanctl child process. Disposing stops it with SIGTERM, or SIGKILL after a timeout. */
export interface Child extends AsyncDisposable {
  readonly name: string;
  /** Resolves when it has ended, with the exit status in words. Never rejects. */
  readonly ended: Promise<string>;
  /** The last line of its log. */
  lastWords(): string;
}

/** ms after SIGTERM until SIGKILL. A stop takes a second, on an overloaded machine longer. */
const PATIENCE_MS = 20_000;

const BIN = fileURLToPath(new URL("../wanctl.js", import.meta.url));

/**
 * Starts `wanctl ARGS` with its output in `logFile`. It has its own process group, so that Ctrl-C reaches it only
 * through this process, and a pipe as standard input, which ends it if this process is killed.
 */
export function startChild(
  name: string,
  args: readonly string[],
  logFile: string,
): Child {
  const log = openSync(logFile, "w", 0o600);
  const running = spawn(process.execPath, [BIN, ...args, "--until-eof"], {
    stdio: ["pipe", log, log],
    detached: true,
  });
  closeSync(log);
  const ended = once(running, "exit").then(
    ([code, signal]: (number | string | null)[]) =>
      code === null ? `signal ${signal}` : `exit code ${code}`,
    (error: unknown) => String(error),
  );
  const isRunning = () =>
    running.exitCode === null && running.signalCode === null;
  return {
    name,
    ended,
    lastWords: () =>
      readFileSync(logFile, "utf8").trimEnd().split("\n").at(-1) ?? "",
    async [Symbol.asyncDispose]() {
      if (isRunning()) running.kill("SIGTERM");
      const impatience = setTimeout(() => running.kill("SIGKILL"), PATIENCE_MS);
      await ended;
      clearTimeout(impatience);
    },
  };
}

/** A demo's folder: configuration, logs, sockets and the database. Kept, so that history grows over several demos. */
export interface DemoFolder {
  readonly root: string;
  readonly run: RunFolder;
  readonly database: string;
  /** The configuration of a WAN or of the recorder. */
  config(name: string): string;
  log(name: string): string;
}

const EXAMPLES = new URL("../../../config/", import.meta.url);

/** The placeholder for the demo's folder in the examples. */
const PLACE = "${WANCTL_DEMO:-.}";

/**
 * Makes the folder, for its owner only, and writes the configurations afresh from the examples in config/.
 * @throws Failure if the folder cannot be made or belongs to another user
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
    // in /tmp another user may have created it first
    const found = lstatSync(root);
    if (!found.isDirectory() || found.uid !== uid)
      refuse("must be a folder owned by you");
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
