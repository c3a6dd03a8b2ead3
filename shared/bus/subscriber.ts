import { Subscriber as Socket } from "zeromq";
import { FRAME_BYTES_MAX } from "../frame.js";
import { ipc } from "../paths.js";

/** A stream of message bodies, as they came. Ends when it is disposed. */
export interface Subscriber extends AsyncDisposable, AsyncIterable<Buffer> {
  connect(path: string): void;
}

/** 8 minutes of two controllers: what the recorder may lag behind in a long transaction. */
const RECEIVE_HIGH_WATER_MARK = 20_000;

/**
 * A SUB socket. One that binds must always have a receive pending, or it never takes notice of a new publisher and all
 * it sends is lost: iterate at once, and never wait for anything inside the iteration.
 */
export async function openSubscriber(
  options: { readonly bind?: string; readonly queue?: number } = {},
): Promise<Subscriber> {
  const socket = new Socket({
    linger: 0,
    receiveHighWaterMark: options.queue ?? RECEIVE_HIGH_WATER_MARK,
    reconnectInterval: 100,
    maxMessageSize: FRAME_BYTES_MAX,
  });
  socket.subscribe();
  if (options.bind !== undefined) await socket.bind(ipc(options.bind));
  return {
    connect: (path) => socket.connect(ipc(path)),
    async *[Symbol.asyncIterator]() {
      for await (const [, body] of socket) if (body !== undefined) yield body;
    },
    [Symbol.asyncDispose]() {
      socket.close();
      return Promise.resolve();
    },
  };
}
