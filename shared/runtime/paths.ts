import { accessSync, chmodSync, constants, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "./failure.js";
import { makeFolder } from "./files.js";

/** The folder of the sockets, shared by all processes of an installation. */
export interface RunFolder {
  readonly root: string;
  readonly frames: string;
  /** Sync socket: controllers offer frames, the recorder requests those it lacks. */
  readonly sync: string;
  readonly recorderHealth: string;
  /** The recorder's HTTP API over a Unix socket. */
  readonly recorderApi: string;
  wanFrames(wan: string): string;
  wanHealth(wan: string): string;
  /** Uncommitted frames for the next run, if there is no state folder. */
  wanRemains(wan: string): string;
}

/** Longest Unix socket path, bytes, terminating zero included (unix(7)). */
const SOCKET_PATH_BYTES = 108;

/** `--run-dir`, else WANCTL_RUN, else /run/wanctl. */
export function runFolder(option: string | undefined): RunFolder {
  const root = option ?? process.env["WANCTL_RUN"] ?? "/run/wanctl";
  const longest = join(root, "wan", `${"x".repeat(31)}.health`);
  if (Buffer.byteLength(longest) >= SOCKET_PATH_BYTES)
    throw new Failure(
      `Cannot use run folder '${root}': at most ${SOCKET_PATH_BYTES - 45} bytes: choose a shorter path with --run-dir`,
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

/** Group-writable and setgid, whatever the umask. */
const FOLDER_MODE = 0o2770;

/** Makes the folders, writable for this user and the parent's group. @throws Failure */
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

/** Makes a folder and its parents; sets the mode only of those it made. */
function ownFolder(folder: string): void {
  const first = makeFolder(folder);
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made))
    chmodSync(made, FOLDER_MODE);
}

/** Whether this process can make and remove files in it. */
export function isWritableFolder(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** WANs with a health socket, live or stale; empty if there is no folder. @throws Failure if it cannot be read */
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

/** Access to a socket was denied. */
export const deniedAt = (path: string): Failure =>
  new Failure(
    `Cannot use '${path}': permission denied: run as root or as a member of the run folder's group`,
  );

/** @throws Failure if access to the socket or its folder is denied */
export function demandAccess(socket: string): void {
  try {
    accessSync(socket, constants.R_OK | constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES")
      throw deniedAt(socket);
  }
}

/** A ZeroMQ endpoint. */
export const ipc = (path: string): string => `ipc://${path}`;
