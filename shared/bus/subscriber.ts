import { Subscriber as Socket } from "zeromq";
import { FRAME_BYTES_MAX } from "../contract/frame.js";
import { ipc } from "../runtime/paths.js";

/** A stream of message bodies in order of arrival. Ends when disposed. */
export interface Subscriber extends AsyncDisposable, AsyncIterable<Buffer> {
  /** The same stream, but each message with all its parts, unchecked. */
  readonly messages: AsyncIterable<readonly Buffer[]>;
  connect(path: string): void;
}

/**
 * Messages queued per publisher; more are dropped. 100 s of a controller's frames: covers a recorder held up by a long
 * transaction. With frames of the largest allowed size that is 128 MB.
 */
const RECEIVE_HIGH_WATER_MARK = 2_000;

/**
 * A SUB socket. If it binds, a receive must always be pending, or it does not notice a new publisher and loses all its
 * messages: iterate at once, and never await anything else inside the iteration.
 */
export async function openSubscriber(
  options: { readonly bind?: string; readonly queue?: number } = {},
): Promise<Subscriber> {
  const socket = new Socket({
    linger: 0,
    receiveHighWaterMark: options.queue ?? RECEIVE_HIGH_WATER_MARK,
    reconnectInterval: 100,
    // beyond this ZeroMQ drops the connection; messages between the two limits are refused and counted by the decoder
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
