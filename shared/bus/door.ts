import { once } from "node:events";
import { chmodSync, readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { setTimeout as timeout } from "node:timers/promises";
import { Failure, reasonOf } from "../runtime/failure.js";
import { listenAt, makeFolder } from "../runtime/files.js";

/** Connections of one door: a machine has a handful of controllers, and a tap for each now and then. */
const OPEN_MAX = 256;

/** Descriptors a process needs for other things, and those of one connection: ours, ours to ZeroMQ, and its own. */
const OTHER_FILES = 100;
const FILES_EACH = 3;

/** Doors of one process: the recorder has two, a controller one. */
const DOORS = 2;

/** A ZeroMQ peer greets at once, with so many bytes (ZMTP 3.1, 3.3). */
const GREETING_BYTES = 64;
const GREETING_MS = 5_000;

/** What ZeroMQ has still to say when its socket is closed comes within this time. */
const CLOSING_MS = 150;

/**
 * Where ZeroMQ's peers come in, so many at a time: it would itself take any number, and abort the process where the
 * descriptors end. Behind it is a socket of ZeroMQ's own, in a folder that only this user may enter.
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

/** Where ZeroMQ is to bind for a door; its folder is made. @throws what the file system says */
export function connectBehind(path: string): string {
  const folder = join(dirname(path), "in");
  makeFolder(folder, 0o700);
  chmodSync(folder, 0o700);
  return join(folder, basename(path));
}

/**
 * @param path the process must hold its lock
 * @param counts of this door, or of several together
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
      // with what is still to be written
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
      // the connections end with ZeroMQ's socket, as soon as that is closed
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

/** How many descriptors this process may have: Node has raised it to the most that is allowed. */
function filesMax(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
  return soft === undefined ? Infinity : Number(soft);
}
