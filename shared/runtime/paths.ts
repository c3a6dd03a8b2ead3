import { accessSync, chmodSync, constants, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "./failure.js";
import { makeFolder } from "./files.js";

/** Where sockets live. One folder for all processes of an installation. */
export interface RunFolder {
  readonly root: string;
  readonly frames: string;
  /** Where controllers hear what the recorder lacks. */
  readonly sync: string;
  readonly recorderHealth: string;
  /** Where the recorder answers as it does over HTTP. */
  readonly recorderApi: string;
  wanFrames(wan: string): string;
  wanHealth(wan: string): string;
  /** What a run without a state folder leaves to the next. */
  wanRemains(wan: string): string;
}

/** A Unix socket's path has at most this many bytes (unix(7)), the final zero included. */
const SOCKET_PATH_BYTES = 108;

/** `--run-dir`, else WANCTL_RUN, else /run/wanctl. */
export function runFolder(option: string | undefined): RunFolder {
  const root = option ?? process.env["WANCTL_RUN"] ?? "/run/wanctl";
  const longest = join(root, "wan", `${"x".repeat(31)}.health`);
  if (Buffer.byteLength(longest) >= SOCKET_PATH_BYTES)
    throw new Failure(
      `Cannot use run folder '${root}': at most ${SOCKET_PATH_BYTES - 45} bytes: choose a shorter one with --run-dir`,
    );
  return {
    root,
    frames: join(root, "recorder", "frames.ipc"),
    sync: join(root, "recorder", "sync.ipc"),
    recorderHealth: join(root, "recorder", "health"),
    recorderApi: join(root, "recorder", "api"),
    wanFrames: (wan) => join(root, "wan", `${wan}.ipc`),
    wanHealth: (wan) => join(root, "wan", `${wan}.health`),
    wanRemains: (wan) => join(root, "wan", `${wan}.frames`),
  };
}

/** Of the group too, which is handed down, whatever the umask. */
const FOLDER_MODE = 0o2770;

/** Makes the folders, for us and the group of the folder above. @throws Failure where that is not allowed */
export function makeRunFolder(run: RunFolder): void {
  for (const folder of ["wan", "recorder"].map((name) =>
    join(run.root, name),
  )) {
    try {
      ownFolder(folder);
      accessSync(folder, constants.W_OK | constants.X_OK);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new Failure(
        `Cannot write run folder '${folder}': ${code}: give a writable one with --run-dir or WANCTL_RUN`,
      );
    }
  }
}

/** Made with those above it; only what was made here gets its mode. */
function ownFolder(folder: string): void {
  const first = makeFolder(folder);
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made))
    chmodSync(made, FOLDER_MODE);
}

/** Whether files can be made and removed there. */
export function isWritableFolder(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The WANs whose controllers have, or once had, a socket here; none where there is no folder. @throws Failure where it cannot be read */
export function wansIn(run: RunFolder): string[] {
  const folder = join(run.root, "wan");
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".health"))
      .map((name) => name.slice(0, -".health".length))
      .sort();
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw code === "EACCES"
      ? deniedAt(folder)
      : new Failure(`Cannot read run folder '${folder}': ${code}`);
  }
}

/** A socket that is not for us. */
export const deniedAt = (path: string): Failure =>
  new Failure(
    `Cannot use '${path}': permission denied: be in the group of the run folder, or root`,
  );

/** @throws Failure where a socket is there, or may be, that we may not use */
export function demandAccess(socket: string): void {
  try {
    accessSync(socket, constants.R_OK | constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES")
      throw deniedAt(socket);
  }
}

/** An endpoint for ZeroMQ. */
export const ipc = (path: string): string => `ipc://${path}`;
