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

/** What waits for one client at most, but for a frame: about 4 s of two WANs. A client that lags further loses frames. */
export const PENDING_BYTES_MAX = 131_072;

const HEARTBEAT_MS = 15_000;

/** A client that read nothing during so many heartbeats is disconnected. */
const SILENT_HEARTBEATS = 4;

/** What a client wants to hear; all where nothing is named. */
interface Filter {
  readonly wans: ReadonlySet<string> | null;
  readonly kinds: ReadonlySet<Kind> | null;
}

/** Who listens to frames as they come, each by a stream of server-sent events. */
export interface SseClients extends Disposable {
  hear(frame: Frame): void;
  /** Says false where it is full. */
  join(response: ServerResponse, headers: Headers, filter: Filter): boolean;
  readonly counts: {
    readonly clients: number;
    readonly sent: number;
    /** Frames that a slow client did not get. */
    readonly dropped: number;
    readonly turnedAway: number;
  };
}

interface Client {
  readonly response: ServerResponse;
  readonly filter: Filter;
  /** Since it was last told. */
  dropped: number;
  silentHeartbeats: number;
}

/** The queue of a client is its socket's: what does not fit there is dropped, counted, and told when there is room. */
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
        // in order: nothing comes before it is told what is missing
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

/** Frames as they come. */
export const liveRoute = (sseClients: SseClients): Route =>
  route({
    path: "/api/v1/live",
    doc: "Every frame as it comes, as server-sent events",
    query: parameters({
      wan: many(wan, "only these; all where none is named"),
      kind: many(kind, "only these; all where none is named"),
    }),
    answers: {
      200: {
        doc: "each event is named by the kind of its frame, and its data are the frame as in docs/frames.md; `dropped` says how many a slow client has lost",
        type: "text/event-stream",
        schema: Type.String(),
      },
      503: {
        doc: `${CLIENTS_MAX} clients listen already`,
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
        `Cannot listen live: at most ${CLIENTS_MAX} clients at once`,
        {},
        { "retry-after": "5" },
      );
    },
  });
