import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A server of somebody else's that hands on what is asked below one folder. */
export interface Proxy extends AsyncDisposable {
  /** The folder, without a slash at its end. */
  readonly url: string;
  /** What was asked beside the folder. */
  readonly others: readonly string[];
}

/** @param folder such as `/wanctl` @param target ends in a slash */
export async function openProxy(
  folder: string,
  target: string,
): Promise<Proxy> {
  const others: string[] = [];
  const server = createServer(
    ({ url = "", headers, method = "" }, response) => {
      const isBelow = url === folder || url.startsWith(`${folder}/`);
      if (!isBelow) {
        others.push(url);
        response.writeHead(404).end();
        return;
      }
      const path = url.slice(folder.length).replace(/^\/?/, "");
      const host = new URL(target).host;
      const onward = request(
        new URL(path, target),
        { method, headers: { ...headers, host } },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          response.flushHeaders();
          answer.pipe(response);
        },
      );
      onward.on("error", () => response.destroy());
      response.on("close", () => onward.destroy());
      onward.end();
    },
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${folder}`,
    others,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
