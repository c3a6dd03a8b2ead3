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

/** Where a process's frames leave it. */
export interface Publisher extends AsyncDisposable {
  /** Stamps, numbers and sends. Never waits, never throws. */
  publish(message: Message): void;
  /** What the last one took, µs; null before the first. */
  readonly lastUs: number | null;
  readonly counts: { readonly published: number; readonly refused: number };
}

/** Frames kept per peer that is slow or away: 10 s at 20 Hz. The queue smooths; it is no storage. */
const HIGH_WATER_MARK = 200;

interface PublisherOptions {
  /** Keeps each frame's own bytes, so that one sent again is the same. */
  readonly ring?: Pick<Ring, "push">;
  readonly highWaterMark?: number;
}

/** What is on its way when the process stops gets so long to leave; for ever (the default) would keep it from ending. */
const LINGER_MS = 100;

/**
 * One PUB socket that binds for taps and connects to the recorder: a connecting PUB keeps its queue while the recorder is
 * away. `sendTimeout: 0`, or zeromq.js throws EBUSY after 512 sends in one tick.
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
  // bytes, made once: a string would be copied and converted anew for each frame
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

/** How long to wait for the recorder's first word, and how long its subscription may follow behind. */
const MEET_MS = 100;
const SUBSCRIBE_MS = 10;

/** What is sent before a subscription has come is lost, so the first frames wait for it: ever so shortly, it may not be there. */
async function handshake(socket: Socket, address: string): Promise<void> {
  const met = new Promise<void>((resolve) => {
    socket.events.on("handshake", (event) => {
      if (event.address === address) setTimeout(resolve, SUBSCRIBE_MS);
    });
  });
  await Promise.race([met, setTimeoutPromise(MEET_MS)]);
}
