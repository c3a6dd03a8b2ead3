import { createHash } from "node:crypto";
import { once } from "node:events";
import { readlinkSync, realpathSync } from "node:fs";
import { connect, createServer } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { Failure } from "./failure.js";

const socketOf = (name: string): string => `\0wanctl/${name}`;

/** An abstract socket's name, `\0wanctl/` before it, has room for this many bytes (unix(7)). */
const NAME_BYTES = 96;

/** So many links one after the other are a circle. */
const LINKS_MAX = 40;

/** What a path leads to through all links, be it there or not. */
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

/** Where a link points to; null where there is none. */
function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** The lock name for what a path leads to; by the path's digest if it is too long. */
export function nameOfOwner(who: string, path: string): string {
  const real = realPath(path);
  const name = `${who}:${real}`;
  if (Buffer.byteLength(name) <= NAME_BYTES) return name;
  return `${who}:${createHash("sha256").update(real).digest("hex")}`;
}

/** Does a process hold the name? */
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
 * Holds a name for as long as this process lives: an abstract Unix socket (unix(7)), which leaves no file behind and goes
 * with its process however that ends. Unique per machine (per network namespace).
 * @throws Failure when another process holds it
 */
export async function openLock(
  name: string,
  whose: string,
  rule = "one is running already",
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
