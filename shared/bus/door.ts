import { once } from "node:events";
import { chmodSync, readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { setTimeout as timeout } from "node:timers/promises";
import { Failure, reasonOf } from "../runtime/failure.js";
import { listenAt, makeFolder } from "../runtime/files.js";

/** Connections at most; more are refused. A machine has a handful of controllers, and now and then a tap for each. */
const OPEN_MAX = 256;

/** File descriptors reserved for the rest of the process, and used per connection: outer, inner, and ZeroMQ's own. */
const OTHER_FILES = 100;
const FILES_EACH = 3;

/** Doors per process: the recorder has two, a controller one. */
const DOORS = 2;

/** A ZeroMQ peer sends a 64-byte greeting at once (ZMTP 3.1, 3.3); a connection without one is closed after 5 s. */
const GREETING_BYTES = 64;
const GREETING_MS = 5_000;

/** After closing, wait this long for ZeroMQ to flush its sockets, ms; then connections are cut. */
const CLOSING_MS = 150;

/**
 * Limits the connections to a ZeroMQ socket: ZeroMQ itself accepts any number, and aborts the process when file
 * descriptors run out. ZeroMQ's own socket is behind it, in a folder that only this user can enter.
 *
 *     peer ---> path (0660, OPEN_MAX at most) ---> in/path (0700) ---> ZeroMQ
 */
interface Door extends AsyncDisposable {
  readonly counts: Readonly<DoorCounts>;
}

export interface DoorCounts {
  open: number;
  refused: number;
}

/** The path ZeroMQ binds to behind a door; creates its folder. @throws ErrnoException */
export function connectBehind(path: string): string {
  const folder = join(dirname(path), "in");
  makeFolder(folder, 0o700);
  chmodSync(folder, 0o700);
  return join(folder, basename(path));
}

/**
 * @param path an existing socket is replaced: the process must hold the lock
 * @param counts incremented; may be shared by several doors
 * @throws Failure when the socket cannot be bound
 */
export async function openDoor(
  path: string,
  counts: DoorCounts = { open: 0, refused: 0 },
  openMax = openMaxOf(filesMax()),
): Promise<Door> {
  const open = new Set<Socket>();
  const server = createServer((outer) => {
    if (open.size >= openMax) {
      counts.refused++;
      outer.destroy();
      return;
    }
    const inner = connect(connectBehind(path));
    const silent = setTimeout(() => {
      if (outer.bytesRead < GREETING_BYTES) end();
    }, GREETING_MS).unref();
    function end() {
      clearTimeout(silent);
      // after flushing
      outer.destroySoon();
      inner.destroySoon();
      if (open.delete(outer)) counts.open--;
    }
    open.add(outer);
    counts.open++;
    for (const socket of [outer, inner])
      socket.on("error", end).on("close", end);
    outer.pipe(inner);
    inner.pipe(outer);
  });
  try {
    await listenAt(server, path);
  } catch (error) {
    throw new Failure(`Cannot listen at '${path}': ${reasonOf(error)}`);
  }
  return {
    counts,
    async [Symbol.asyncDispose]() {
      server.close();
      const closed = once(server, "close");
      // connections end when ZeroMQ closes its socket
      await Promise.race([closed, timeout(CLOSING_MS)]);
      for (const outer of open) outer.destroy();
      await closed;
    },
  };
}

const openMaxOf = (files: number): number =>
  Math.max(
    8,
    Math.min(OPEN_MAX, Math.floor((files - OTHER_FILES) / DOORS / FILES_EACH)),
  );

/** This process's file descriptor limit; Node has raised the soft limit to the hard one. */
function filesMax(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
  return soft === undefined ? Infinity : Number(soft);
}
