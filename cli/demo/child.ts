import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Another wanctl process of ours. Disposing stops it: SIGTERM, and SIGKILL for one that takes too long. */
export interface Child extends AsyncDisposable {
  readonly name: string;
  /** Settles when it has ended, with how, in words. Never rejects. */
  readonly ended: Promise<string>;
  /** The last thing it said. */
  lastWords(): string;
}

/** A stop takes a second; on a starved machine, longer. */
const PATIENCE_MS = 20_000;

const BIN = fileURLToPath(new URL("../wanctl.js", import.meta.url));

/**
 * Starts `wanctl ARGS`, its output going to `logFile`. In a process group of its own, so that a terminal's Ctrl-C reaches
 * it once, through us; and with a pipe as standard input, which ends it should we be killed without a word.
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
