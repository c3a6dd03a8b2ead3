import { fileURLToPath } from "node:url";
import { msSince, systemClock } from "../../shared/runtime/clock.js";
import { start } from "./namespace.js";

const WANCTL = fileURLToPath(new URL("../../cli/wanctl.js", import.meta.url));

/** How a daemon ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A wanctl process on the shaper, as systemd would run it. Disposing it kills it if it still runs. */
export interface Daemon extends AsyncDisposable {
  readonly pid: number;
  readonly hasEnded: boolean;
  /** All it said on stderr so far. */
  said(): string;
  signal(name: NodeJS.Signals): void;
  /** Settles when it has ended, by itself or not. */
  readonly end: Promise<End>;
  /** SIGTERM and the wait for the end; `tookMs` is how long that was. */
  stop(): Promise<End & { readonly tookMs: number }>;
}

/** Nothing of the caller's settings: `config/bed.yaml` reads some from the environment. */
const ENV = { PATH: process.env["PATH"] };

/**
 * @param args what follows `wanctl` on the command line
 * @param settings for `config/bed.yaml`
 */
export function startDaemon(
  args: string,
  settings: Readonly<Record<string, string>> = {},
): Daemon {
  const process = start(
    "shaper",
    `${globalThis.process.execPath} ${WANCTL} ${args}`,
    { ...ENV, ...settings },
  );
  const { child, pid } = process;
  let said = "";
  child.stdout.resume();
  child.stderr.on("data", (part) => (said += String(part)));
  // `exit`, not `close`: a child of the daemon that outlives it would keep its pipes open.
  const end = new Promise<End>((done) =>
    child.once("exit", (code, signal) => done({ code, signal })),
  );
  return {
    pid,
    end,
    get hasEnded() {
      return process.ended;
    },
    said: () => said,
    signal: (name) => void child.kill(name),
    async stop() {
      const begun = systemClock.mono();
      child.kill("SIGTERM");
      return { ...(await end), tookMs: msSince(begun, systemClock.mono()) };
    },
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
