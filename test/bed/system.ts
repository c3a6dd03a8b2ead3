import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askHealth } from "../../shared/runtime/health.js";
import { runFolder, type RunFolder } from "../../shared/runtime/paths.js";
import { ROUTER } from "../fakes/routeros/certificate.js";
import { PASSWORD } from "../fakes/routeros/server.js";
import { fingerprint } from "../fakes/routeros/troubles.js";
import { type Daemon, startDaemon } from "./daemon.js";
import { type Heard, openHeard } from "./heard.js";
import { SHAPING } from "./kernel.js";
import { type Character, type Line, openLine } from "./line.js";
import { type Process, start } from "./namespace.js";
import { addQueue } from "./queues.js";
import { until } from "./waiting.js";

/** The WAN of `config/bed.yaml`. */
export const WAN = "bed";

/** A line with a controller and a recorder of their own on its shaper, and an ear on the bus. */
export interface System extends AsyncDisposable {
  readonly line: Line;
  readonly run: RunFolder;
  /** The recorder's database. */
  readonly database: string;
  readonly controller: Daemon;
  readonly recorder: Daemon;
  /** The command line of the recorder. */
  readonly recorderArgs: string;
  readonly heard: Heard;
  /** With backend routeros, the router; it obeys lines (test/fakes/routeros/main.ts). */
  readonly router: Process | null;
}

const START_MS = 15_000;

/** Where the queues begin: the base rate of `config/bed.yaml`. */
export const BASE_KBPS = 15_000;

/** The command line of a controller for this line. */
export const controllerArgs = (run: RunFolder): string =>
  `controller --config config/bed.yaml --run-dir ${run.root}`;

/** What it learns stays with the scene. */
export const settingsOf = (run: RunFolder) => ({
  STATE_DIR: join(run.root, "state"),
});

/** What is not as usual. */
interface Setup {
  readonly backend?: "tc" | "routeros";
  readonly character?: Character;
  /** For `config/bed.yaml`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts all of it, and returns when the controller has measured the idle line and confirmed its rates. */
export async function openSystem(
  kbps: number,
  { backend = "tc", character, settings = {} }: Setup = {},
): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-e2e-"));
  const run = runFolder(join(folder, "run"));
  const database = join(folder, "metrics.db");
  const recorderFile = join(folder, "recorder.yaml");
  writeFileSync(
    recorderFile,
    `storage:\n  db_path: ${database}\nhttp: { listen: off }\n`,
  );

  const opened: AsyncDisposable[] = [];
  const close = async () => {
    const ends = await Promise.allSettled(
      opened.reverse().map((one) => one[Symbol.asyncDispose]()),
    );
    rmSync(folder, { recursive: true });
    const failed = ends.filter((end) => end.status === "rejected");
    if (failed.length > 0)
      throw new AggregateError(failed.map((end) => end.reason as unknown));
  };
  const keep = <T extends AsyncDisposable>(one: T): T => {
    opened.push(one);
    return one;
  };
  try {
    const line = keep(await openLine(kbps, character));
    for (const direction of ["download", "upload"] as const)
      addQueue(SHAPING, direction, BASE_KBPS);
    const heard = keep(await openHeard(run.wanFrames(WAN)));
    const recorderArgs = `recorder --config ${recorderFile} --run-dir ${run.root}`;
    const recorder = keep(startDaemon(recorderArgs));
    await settled(recorder, () => askHealth(run.recorderHealth));
    const router =
      backend === "routeros"
        ? keep(
            start(
              "shaper",
              `${process.execPath} ${ROUTER_OS} --tc ifb4wan,wan`,
            ),
          )
        : null;
    const controller = keep(
      startDaemon(controllerArgs(run), {
        ...settingsOf(run),
        ...routerSettings(backend),
        ...settings,
      }),
    );
    await settled(controller, () => hasRates(heard));
    return {
      ...{ line, run, database, controller, heard, router },
      ...{ recorder, recorderArgs },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const ROUTER_OS = fileURLToPath(
  new URL("../fakes/routeros/main.js", import.meta.url),
);

const routerSettings = (backend: "tc" | "routeros") => ({
  BACKEND: backend,
  ROUTER_PASSWORD: PASSWORD,
  FINGERPRINT: fingerprint(ROUTER.cert),
});

/** Waits until a daemon does what it is there for. @throws with its own words when it ends instead */
const settled = (daemon: Daemon, look: () => unknown): Promise<unknown> =>
  until("a daemon's first work", START_MS, async () => {
    if (daemon.hasEnded) throw new Error(`It ended: ${daemon.said()}`);
    return await look();
  });

/** Has the controller measured the idle line, and has the kernel confirmed its rates? */
const hasRates = (heard: Heard): boolean => {
  const last = heard.cyclesFrom(0).at(-1);
  return (
    last !== undefined &&
    last.baselineUs !== null &&
    last.enforcedDownloadKbps !== null &&
    last.enforcedUploadKbps !== null
  );
};
