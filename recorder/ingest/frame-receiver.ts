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

/** Limit per source and second: fifty times a controller's rate, enough for its full queue. Excess is dropped. */
const OF_FRAMES = { frames: 1_000, bytes: 2 * 2 ** 20 };

const WINDOW_MS = 1_000;

/** A source counts as flooding for this long after its last dropped message, ms. */
const RECENT_MS = 10_000;

/** Sources tracked; beyond it the one silent for longest is forgotten. */
const NAMES_MAX = 64;

/**
 * Keeps one source from starving the others. Messages held back are not lost: the sender has them in its ring, and they
 * are requested later at the recorder's own pace.
 */
export interface RateLimiter {
  /** Whether a message is within the limit. */
  admits(name: string, bytes: number, now: MonoMs): boolean;
  /** Sources over their limit now. */
  flooding(now: MonoMs): readonly string[];
  /** Messages held back. */
  readonly held: number;
}

interface Visitor {
  readonly begun: MonoMs;
  readonly frames: number;
  readonly bytes: number;
  readonly heldAt: MonoMs | null;
}

/** @param most limit per source and second */
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

/** At stop: without a message for this long, ms, the queue counts as empty. */
const QUIET_MS = 30;

/** At stop: longest time to receive from controllers that go on sending, ms. */
const DRAIN_MS = 250;

/**
 * The socket controllers publish to. Hands each message to `take`; when disposed, queued messages first.
 * @throws Failure if the socket cannot be bound
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
  // at once, see openSubscriber; not awaited: an error ends the process
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
