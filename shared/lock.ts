import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Failure } from "./failure.js";

const socketOf = (name: string): string => `\0wanctl/${name}`;

/** An abstract socket's name, `\0wanctl/` before it, has room for this many bytes (unix(7)). */
const NAME_BYTES = 96;

/** A name for who owns a path; by the path's digest where it is too long. */
export function nameOfOwner(who: string, path: string): string {
  const name = `${who}:${path}`;
  if (Buffer.byteLength(name) <= NAME_BYTES) return name;
  return `${who}:${createHash("sha256").update(path).digest("hex")}`;
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
