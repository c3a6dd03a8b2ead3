import { once } from "node:events";
import { createServer as createPlain, type IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { ROUTER, type Certificate } from "./certificate.js";
import type { Device } from "./device.js";

/** How it takes requests. */
export type Mood =
  | "fine"
  /** 503 */
  | "busy"
  /** No answer at all. */
  | "hangs"
  /** The connection ends in the middle. */
  | "drops"
  /** The password is wrong now. */
  | "locked"
  /** 500, not allowed: the user lacks a right. */
  | "forbidden"
  /** 200 and a page for people. */
  | "garbage";

export interface FakeRouterOs extends AsyncDisposable {
  readonly port: number;
  readonly device: Device;
  mood: Mood;
  slowMs: number;
  /** Shows another certificate from now on. */
  show(certificate: Certificate): void;
  /** Answers everything where it is asked for something, as RouterOS does with filters it does not know. */
  ignoresFilters: boolean;
  /** `GET queue/tree?name=wan-upload`, oldest first. */
  readonly requests: readonly string[];
  /** The same as they came. */
  readonly raw: readonly string[];
  readonly connections: number;
  /** Down, and up again at the same port. */
  vanish(): Promise<void>;
  appear(): Promise<void>;
}

export interface Options {
  readonly port?: number;
  readonly host?: string;
  readonly user?: string;
  readonly password?: string;
  /** Null for plain HTTP. */
  readonly certificate?: Certificate | null;
}

export const USER = "wanctl";
export const PASSWORD = "s3cret/Pässword";

/** The REST of a RouterOS device, with its shapes and quirks, on loopback. */
export async function openFakeRouterOs(
  device: Device,
  options: Options = {},
): Promise<FakeRouterOs> {
  const { user = USER, password = PASSWORD, certificate = ROUTER } = options;
  const { host = "127.0.0.1" } = options;
  const key = Buffer.from(`${user}:${password}`).toString("base64");
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  const asked: string[] = [];
  let port = options.port ?? 0;
  let connections = 0;

  function start(): Server | ReturnType<typeof createPlain> {
    const server =
      certificate === null ? createPlain() : createServer({ ...certificate });
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      connections++;
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => undefined);
    });
    server.on("request", (request, response) => {
      void answer(request).then((said) => {
        if (said === null) return;
        response.writeHead(said.status, { "content-type": "application/json" });
        response.end(said.text);
      });
    });
    return server;
  }

  async function answer(request: IncomingMessage): Promise<Said | null> {
    const body = await textOf(request);
    const path = (request.url ?? "").replace(/^\/rest\//, "");
    asked.push(path);
    requests.push(`${request.method} ${decodeURIComponent(path)}`);
    if (fake.slowMs > 0) await pause(fake.slowMs);
    if (fake.mood === "hangs") return null;
    if (fake.mood === "drops") {
      request.socket.destroy();
      return null;
    }
    if (fake.mood === "busy") return said(503, "Service Unavailable");
    if (fake.mood === "garbage")
      return { status: 200, text: "<html><h1>RouterOS</h1></html>" };
    if (
      fake.mood === "locked" ||
      request.headers.authorization !== `Basic ${key}`
    )
      return said(401, "Unauthorized");
    if (fake.mood === "forbidden")
      return said(500, "Internal Server Error", "std failure: not allowed (9)");
    return request.method === "PATCH" ? patch(path, body) : get(path);
  }

  function get(path: string): Said {
    const [menu = "", query = ""] = path.split("?");
    const items = device.list(menu);
    if (items === null) return said(400, "Bad Request", "no such command");
    const where = fake.ignoresFilters ? [] : pairsOf(query);
    const found = items.filter((item) =>
      where.every(([name = "", value]) => item[name] === value),
    );
    const text = JSON.stringify(menu === "system/resource" ? found[0] : found);
    return { status: 200, text: raw(text) };
  }

  async function patch(path: string, body: string): Promise<Said> {
    const cut = path.lastIndexOf("/");
    const menu = path.slice(0, cut);
    const id = decodeURIComponent(path.slice(cut + 1));
    const values = JSON.parse(body) as Record<string, unknown>;
    const refused = await device.set(menu, id, values);
    if (refused === "no such item") return said(404, "Not Found", refused);
    if (refused !== null) return said(400, "Bad Request", refused);
    const item = device.list(menu)?.find((one) => one[".id"] === id);
    return { status: 200, text: JSON.stringify(item) };
  }

  let server = start();
  const appear = async () => {
    server = start();
    server.listen(port, host);
    await once(server, "listening");
  };
  const vanish = async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, "close");
  };
  server.listen(port, host);
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;

  const fake: FakeRouterOs = {
    ...{ port, device, requests, raw: asked, appear, vanish },
    ...{ mood: "fine", slowMs: 0, ignoresFilters: false },
    show(next) {
      if ("setSecureContext" in server) server.setSecureContext(next);
      for (const socket of sockets) socket.destroy();
    },
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await vanish();
    },
  };
  return fake;
}

/** Only percent signs stand for something else: a plus sign is one. */
const pairsOf = (query: string): string[][] =>
  query
    .split("&")
    .filter(Boolean)
    .map((pair) => pair.split("=").map(decodeURIComponent));

/** Tabs and line breaks within strings as they are. */
const RAW: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r" };
const raw = (text: string): string =>
  text.replace(/\\([^])/g, (pair, letter: string) => RAW[letter] ?? pair);

interface Said {
  readonly status: number;
  readonly text: string;
}

const said = (status: number, message: string, detail?: string): Said => ({
  status,
  text: JSON.stringify({ error: status, message, detail }),
});

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}
