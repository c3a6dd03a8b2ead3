import {
  connectBehind,
  type DoorCounts,
  openDoor,
} from "../../shared/bus/door.js";
import {
  openSubscriber,
  type Subscriber,
} from "../../shared/bus/subscriber.js";
import {
  type Clock,
  later,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";

/** What one source may send in a second: fifty times what a controller does, and as much as it keeps for us in a queue. */
const OF_FRAMES = { frames: 1_000, bytes: 2 * 2 ** 20 };

const WINDOW_MS = 1_000;

/** One that was held back so lately is at it still. */
const RECENT_MS = 10_000;

/** Names remembered; one more, and the one that was silent for longest is forgotten. */
const NAMES_MAX = 64;

/**
 * Keeps one source from taking the time and the memory of the others. What is held back is not lost: its sender keeps
 * it in its ring, and is asked for it at our own pace.
 */
export interface RateLimiter {
  /** Whether a message of so many bytes may come in. */
  admits(name: string, bytes: number, now: MonoMs): boolean;
  /** Senders over their limit at the moment. */
  flooding(now: MonoMs): readonly string[];
  /** How many messages were held back. */
  readonly held: number;
}

interface Visitor {
  readonly begun: MonoMs;
  readonly frames: number;
  readonly bytes: number;
  readonly heldAt: MonoMs | null;
}

/** @param most of one name in a second */
export function createRateLimiter(
  most: { readonly frames: number; readonly bytes: number } = OF_FRAMES,
): RateLimiter {
  const visitors = new Map<string, Visitor>();
  let held = 0;
  return {
    get held() {
      return held;
    },
    admits(name, bytes, now) {
      const before = visitors.get(name);
      const isOver = !before || msSince(before.begun, now) >= WINDOW_MS;
      const window = isOver ? { begun: now, frames: 0, bytes: 0 } : before;
      const heldAt = before?.heldAt ?? null;
      const isFull =
        window.frames >= most.frames || window.bytes + bytes > most.bytes;
      visitors.delete(name);
      visitors.set(name, {
        begun: window.begun,
        frames: window.frames + (isFull ? 0 : 1),
        bytes: window.bytes + (isFull ? 0 : bytes),
        heldAt: isFull ? now : heldAt,
      });
      const [oldest] = visitors.keys();
      if (visitors.size > NAMES_MAX && oldest !== undefined)
        visitors.delete(oldest);
      if (isFull) held++;
      return !isFull;
    },
    flooding: (now) =>
      [...visitors]
        .filter(
          ([, { heldAt }]) =>
            heldAt !== null && msSince(heldAt, now) < RECENT_MS,
        )
        .map(([name]) => name),
  };
}

/** On leaving: a queue from which nothing came for so long is taken for empty. */
const QUIET_MS = 30;

/** On leaving: controllers that go on sending are heard for so long. */
const DRAIN_MS = 250;

/**
 * Where controllers connect. Hands each message to `take` as it comes, until it is disposed; then what is queued still
 * comes through.
 * @throws Failure when the socket cannot be bound
 */
export async function openFrameReceiver(
  path: string,
  take: (message: readonly Uint8Array[]) => void,
  clock: Clock,
  connections?: DoorCounts,
): Promise<AsyncDisposable> {
  const subscriber = await bound(path);
  let heardAt = clock.mono();
  const receive = async () => {
    for await (const message of subscriber.messages) {
      heardAt = clock.mono();
      take(message);
    }
  };
  // at once, see openSubscriber; should it ever throw, the process ends with it
  const receiving = receive();
  const door = await openDoor(path, connections);

  async function drained(): Promise<void> {
    const begun = clock.mono();
    const never = new AbortController().signal;
    for (;;) {
      const now = clock.mono();
      const busyMs = msSince(begun, now);
      const quietMs = Math.min(busyMs, msSince(heardAt, now));
      if (quietMs >= QUIET_MS || busyMs >= DRAIN_MS) return;
      await clock.sleepUntil(later(now, QUIET_MS / 3), never);
    }
  }

  return {
    async [Symbol.asyncDispose]() {
      await drained();
      await subscriber[Symbol.asyncDispose]();
      await door[Symbol.asyncDispose]();
      await receiving;
    },
  };
}

async function bound(path: string): Promise<Subscriber> {
  try {
    return await openSubscriber({ bind: connectBehind(path) });
  } catch (error) {
    throw new Failure(`Cannot listen at '${path}': ${reasonOf(error)}`);
  }
}
