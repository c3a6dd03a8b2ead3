import { createHash } from "node:crypto";
import { once } from "node:events";
import { readlinkSync, realpathSync } from "node:fs";
import { connect, createServer } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { Failure } from "./failure.js";

const socketOf = (name: string): string => `\0wanctl/${name}`;

/** Longest name, bytes: what an abstract socket address has room for after `\0wanctl/` (unix(7)). */
const NAME_BYTES = 96;

/** A longer chain of symbolic links counts as a loop. */
const LINKS_MAX = 40;

/** The path with all symbolic links resolved, whether its target exists or not. */
export function realPath(path: string, links = LINKS_MAX): string {
  const full = resolve(path);
  try {
    return realpathSync(full);
  } catch {
    const folder = dirname(full);
    if (folder === full) return full;
    const place = join(realPath(folder, links), basename(full));
    const target = links > 0 ? linkAt(place) : null;
    return target === null
      ? place
      : realPath(resolve(dirname(place), target), links - 1);
  }
}

/** The target of a symbolic link; null if there is none. */
function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** The lock name for the real path of `path`; its digest if that is too long. */
export function nameOfOwner(who: string, path: string): string {
  const real = realPath(path);
  const name = `${who}:${real}`;
  if (Buffer.byteLength(name) <= NAME_BYTES) return name;
  return `${who}:${createHash("sha256").update(real).digest("hex")}`;
}

/** Whether a process holds the name. */
export function isHeld(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path: socketOf(name) });
    const tell = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", tell(true)).once("error", tell(false));
  });
}

/**
 * Holds a name for the life of the process: an abstract Unix socket (unix(7)), which leaves no file behind and vanishes
 * with the process however it ends. Unique per network namespace.
 * @throws Failure when another process holds it
 */
export async function openLock(
  name: string,
  whose: string,
  rule = "already running",
): Promise<AsyncDisposable> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ path: socketOf(name) });
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new Failure(`Cannot start ${whose}: ${rule}: stop it first`);
  }
  server.unref();
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((done) => server.close(() => done())),
  };
}
