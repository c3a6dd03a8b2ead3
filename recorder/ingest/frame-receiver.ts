import { behind, type DoorCounts, openDoor } from "../../shared/bus/door.js";
import {
  openSubscriber,
  type Subscriber,
} from "../../shared/bus/subscriber.js";
import { type Clock, later, since } from "../../shared/runtime/clock.js";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";

/** On leaving: a queue from which nothing came for so long is taken for empty. */
const QUIET_MS = 30;

/** On leaving: controllers that go on sending are heard for so long. */
const DRAIN_MS = 250;

/**
 * Where controllers connect. Hands each message to `take` as it comes, until it is disposed; then what is queued still
 * comes through.
 * @throws Failure when the socket cannot be bound
 */
export async function openInbox(
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
      const busyMs = since(begun, now);
      const quietMs = Math.min(busyMs, since(heardAt, now));
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
    return await openSubscriber({ bind: behind(path) });
  } catch (error) {
    throw new Failure(`Cannot listen at '${path}': ${reasonOf(error)}`);
  }
}
