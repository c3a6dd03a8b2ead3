import { Subscriber as Socket } from "zeromq";
import { FRAME_BYTES_MAX } from "../contract/frame.js";
import { ipc } from "../runtime/paths.js";

/** A stream of message bodies, as they came. Ends when it is disposed. */
export interface Subscriber extends AsyncDisposable, AsyncIterable<Buffer> {
  /** The same stream, but each message with all its parts, be they what they may. */
  readonly messages: AsyncIterable<readonly Buffer[]>;
  connect(path: string): void;
}

/**
 * Of each publisher: 100 s of a controller, what the recorder may lag behind in a long transaction. A publisher of the
 * largest frames there can be takes 128 MB with it.
 */
const RECEIVE_HIGH_WATER_MARK = 2_000;

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
    // a larger one ends its connection; smaller ones are refused where they are decoded and counted
    maxMessageSize: 2 * FRAME_BYTES_MAX,
  });
  socket.subscribe();
  if (options.bind !== undefined) await socket.bind(ipc(options.bind));
  return {
    messages: socket,
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
