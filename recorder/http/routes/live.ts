import type {
  OutgoingHttpHeaders as Headers,
  OutgoingHttpHeaders,
  ServerResponse,
} from "node:http";
import { Type } from "@sinclair/typebox";
import type { Frame, Kind } from "../../../shared/contract/frame.js";
import { HttpError } from "../errors.js";
import { kind, many, parameters, wan } from "../query.js";
import { route, type Route } from "../route.js";

/** Clients at once; further ones are refused. */
export const CLIENTS_MAX = 32;

/** Send buffer limit per client: about 4 s of two WANs. Beyond it, frames for this client are dropped. */
export const PENDING_BYTES_MAX = 131_072;

const HEARTBEAT_MS = 15_000;

/** A client whose buffer stays full for this many heartbeats is disconnected. */
const SILENT_HEARTBEATS = 4;

/** What a client subscribed to; null for all. */
interface Filter {
  readonly wans: ReadonlySet<string> | null;
  readonly kinds: ReadonlySet<Kind> | null;
}

/** Clients of the live stream (server-sent events). */
export interface SseClients extends Disposable {
  hear(frame: Frame): void;
  /** @returns false if there are too many clients */
  join(response: ServerResponse, headers: Headers, filter: Filter): boolean;
  readonly counts: {
    readonly clients: number;
    readonly sent: number;
    /** Frames dropped for slow clients. */
    readonly dropped: number;
    readonly turnedAway: number;
  };
}

interface Client {
  readonly response: ServerResponse;
  readonly filter: Filter;
  /** Frames dropped since the last `dropped` event. */
  dropped: number;
  silentHeartbeats: number;
}

/** The socket buffer is the queue of a client: frames that do not fit are dropped and reported by a `dropped` event. */
export function openSseClients(): SseClients {
  const clients = new Set<Client>();
  const counts = { sent: 0, dropped: 0, turnedAway: 0 };

  const hasRoom = ({ response }: Client) =>
    response.writableLength < PENDING_BYTES_MAX;

  function tellDropped(client: Client): void {
    const { response, dropped } = client;
    if (dropped === 0 || response.writableLength > PENDING_BYTES_MAX / 2)
      return;
    response.write(sse("dropped", JSON.stringify({ frames: dropped })));
    client.dropped = 0;
  }

  function sendHeartbeat(): void {
    for (const client of clients) {
      client.silentHeartbeats = hasRoom(client)
        ? 0
        : client.silentHeartbeats + 1;
      if (client.silentHeartbeats >= SILENT_HEARTBEATS)
        client.response.destroy();
      else if (client.silentHeartbeats === 0) {
        tellDropped(client);
        client.response.write(": still here\n\n");
      }
    }
  }
  const heartbeat = setInterval(sendHeartbeat, HEARTBEAT_MS).unref();

  return {
    get counts() {
      return { ...counts, clients: clients.size };
    },
    hear(frame) {
      let text: string | null = null;
      for (const client of clients) {
        if (!wants(client.filter, frame)) continue;
        tellDropped(client);
        // keep the order: report dropped frames before sending the next one
        if (client.dropped > 0 || !hasRoom(client)) {
          client.dropped++;
          counts.dropped++;
          continue;
        }
        text ??= sse(frame.kind, JSON.stringify(frame));
        client.response.write(text);
        counts.sent++;
      }
    },
    join(response, headers, filter) {
      if (clients.size >= CLIENTS_MAX) {
        counts.turnedAway++;
        return false;
      }
      const client = { response, filter, dropped: 0, silentHeartbeats: 0 };
      clients.add(client);
      response.once("close", () => clients.delete(client));
      response.on("error", () => clients.delete(client));
      response.writeHead(200, headers);
      response.write("retry: 2000\n\n");
      return true;
    },
    [Symbol.dispose]() {
      clearInterval(heartbeat);
      for (const { response } of clients) response.destroy();
    },
  };
}

const sse = (event: string, data: string): string =>
  `event: ${event}\ndata: ${data}\n\n`;

const wants = ({ wans, kinds }: Filter, { source, kind }: Frame): boolean =>
  (wans === null || wans.has(source)) && (kinds === null || kinds.has(kind));

/** Live frames. */
export const liveRoute = (sseClients: SseClients): Route =>
  route({
    path: "/api/v1/live",
    doc: "Live frames, as server-sent events",
    query: parameters({
      wan: many(wan, "only these; default: all"),
      kind: many(kind, "only these; default: all"),
    }),
    answers: {
      200: {
        doc: "the event name is the frame kind, the data the frame as in docs/frames.md; a `dropped` event counts the frames dropped for a slow client",
        type: "text/event-stream",
        schema: Type.String(),
      },
      503: {
        doc: `there are ${CLIENTS_MAX} clients already`,
        schema: Type.Object({ error: Type.String() }),
      },
    },
    answer(query, reply) {
      const type = "text/event-stream; charset=utf-8";
      if (reply.request.method === "HEAD") return reply.type(type).send();
      const headers = {
        ...(reply.getHeaders() as OutgoingHttpHeaders),
        "content-type": type,
      };
      const isIn = sseClients.join(reply.raw, headers, {
        wans: query.wan ? new Set(query.wan) : null,
        kinds: query.kind ? new Set<Kind>(query.kind) : null,
      });
      if (isIn) return reply.hijack();
      throw new HttpError(
        503,
        `Cannot open the live stream: at most ${CLIENTS_MAX} clients at once`,
        {},
        { "retry-after": "5" },
      );
    },
  });
