import { setTimeout as setTimeoutPromise } from "node:timers/promises";
import { Publisher as Socket } from "zeromq";
import {
  encodeFrame,
  type Frame,
  FRAME_VERSION,
  type Message,
  topicOf,
} from "../contract/frame.js";
import { toUs } from "../contract/units.js";
import type { Clock } from "../runtime/clock.js";
import { ipc } from "../runtime/paths.js";
import { connectBehind, openDoor } from "./door.js";
import type { Ring } from "./ring.js";

/** Sends a process's frames. */
export interface Publisher extends AsyncDisposable {
  /** Stamps, numbers and sends. Never waits, never throws. */
  publish(message: Message): void;
  /** Time the last publish took, µs; null before the first. */
  readonly lastUs: number | null;
  readonly counts: { readonly published: number; readonly refused: number };
}

/** Frames queued per slow or absent peer; more are dropped. 10 s at 20 Hz: the ring is the storage, not this queue. */
const HIGH_WATER_MARK = 200;

interface PublisherOptions {
  /** Keeps each frame's encoded bytes, so that a resent frame is identical. */
  readonly ring?: Pick<Ring, "push">;
  readonly highWaterMark?: number;
}

/** On close, wait this long for queued frames to be sent, ms; ZeroMQ's default, forever, would block the exit. */
const LINGER_MS = 100;

/**
 * One PUB socket that binds for taps and connects to the recorder: a connecting PUB keeps its queue while the recorder
 * is away. Without `sendTimeout: 0` zeromq.js throws EBUSY after 512 sends in one tick.
 */
export async function openPublisher(
  source: string,
  boot: string,
  clock: Clock,
  paths: { readonly bind: string; readonly connect: string },
  { ring, highWaterMark = HIGH_WATER_MARK }: PublisherOptions = {},
): Promise<Publisher> {
  const socket = new Socket({
    linger: LINGER_MS,
    sendTimeout: 0,
    sendHighWaterMark: highWaterMark,
    reconnectInterval: 100,
  });
  await socket.bind(ipc(connectBehind(paths.bind)));
  const door = await openDoor(paths.bind);
  const met = handshake(socket, ipc(paths.connect));
  socket.connect(ipc(paths.connect));
  await met;
  const counts = { published: 0, refused: 0 };
  const refuse = () => {
    counts.refused++;
  };
  // encoded once: a string would be converted for each frame
  const topics = new Map<Message["kind"], Buffer>();
  const topicBytes = (frame: Frame): Buffer => {
    const known = topics.get(frame.kind) ?? Buffer.from(topicOf(frame));
    topics.set(frame.kind, known);
    return known;
  };
  let seq = 0;
  let lastUs: number | null = null;
  return {
    counts,
    get lastUs() {
      return lastUs;
    },
    publish(message) {
      const begun = clock.mono();
      const stamp = {
        v: FRAME_VERSION,
        source,
        kind: message.kind,
        boot,
        seq: seq + 1,
        at: clock.wall(),
        mono: Math.round(begun),
      };
      const frame = Object.assign(stamp, message) as Frame;
      try {
        const bytes = encodeFrame(frame);
        seq++;
        ring?.push(seq, begun, bytes);
        socket.send([topicBytes(frame), bytes]).catch(refuse);
        counts.published++;
      } catch {
        refuse();
      }
      lastUs = toUs(clock.mono() - begun);
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      await door[Symbol.asyncDispose]();
    },
  };
}

/** Longest wait for the recorder's handshake at start, and time for its subscription to arrive after it, ms. */
const MEET_MS = 100;
const SUBSCRIBE_MS = 10;

/** Frames sent before the subscription arrives are lost, so wait for it; but only briefly, the recorder may be away. */
async function handshake(socket: Socket, address: string): Promise<void> {
  const met = new Promise<void>((resolve) => {
    socket.events.on("handshake", (event) => {
      if (event.address === address) setTimeout(resolve, SUBSCRIBE_MS);
    });
  });
  await Promise.race([met, setTimeoutPromise(MEET_MS)]);
}
