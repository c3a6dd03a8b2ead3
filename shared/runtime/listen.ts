import { once } from "node:events";
import { chmodSync, rmSync } from "node:fs";
import type { Server } from "node:net";

/** Listens at a Unix socket, for user and group, in place of one that an earlier process left. @throws what the system says */
export async function listenAt(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  server.listen(path);
  await once(server, "listening");
  chmodSync(path, 0o660);
}
