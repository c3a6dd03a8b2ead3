import { createServer } from "node:net";
import { once } from "node:events";
import { Failure } from "./failure.js";

/**
 * Holds a name for as long as this process lives: an abstract Unix socket (unix(7)), which leaves no file behind and goes
 * with its process however that ends. Unique per machine (per network namespace).
 * @throws Failure when another process holds it
 */
export async function openLock(
  name: string,
  whose: string,
): Promise<AsyncDisposable> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ path: `\0wanctl/${name}` });
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new Failure(
      `Cannot start ${whose}: one is running already: stop it first`,
    );
  }
  server.unref();
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((done) => server.close(() => done())),
  };
}
