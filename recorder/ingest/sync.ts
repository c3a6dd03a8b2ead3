import { Router as Socket } from "zeromq";
import {
  connectBehind,
  type DoorCounts,
  openDoor,
} from "../../shared/bus/door.js";
import { decodeSync, encodeSync } from "../../shared/bus/sync.js";
import { FRAME_BYTES_MAX } from "../../shared/contract/frame.js";
import type { Clock } from "../../shared/runtime/clock.js";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { ipc } from "../../shared/runtime/paths.js";
import { fault } from "../fault.js";
import type { CatchUp } from "./catch-up.js";
import { createRateLimiter } from "./frame-receiver.js";

export interface SyncCounts {
  /** Messages that are not of this protocol. */
  refused: number;
  /** Hellos beyond the limit of their sender. */
  held: number;
  /** Answers that could not be sent: the controller had gone or did not read. */
  unsent: number;
}

/** Per controller; an answer to a request is some twenty slices. */
const SEND_HIGH_WATER_MARK = 100;

/** Messages of one controller that wait for us, of any size: the rest waits in its own queue. */
const RECEIVE_HIGH_WATER_MARK = 16;

/** A controller says one a second, twenty when it is leaving. */
const HELLOS = { frames: 30, bytes: 2 ** 17 };

/** Of all together: each may cost a look at sixteen runs. */
const ALL_HELLOS = { frames: 100, bytes: 2 ** 19 };

/**
 * Where controllers say what they hold, and hear what is asked of them.
 * @param counts where it is counted what went wrong
 * @throws Failure when the socket cannot be bound
 */
export async function openSync(
  path: string,
  catchUp: CatchUp,
  counts: SyncCounts,
  clock: Clock,
  connections?: DoorCounts,
): Promise<AsyncDisposable> {
  const [each, all] = [
    createRateLimiter(HELLOS),
    createRateLimiter(ALL_HELLOS),
  ];
  const admits = (peer: Buffer) =>
    each.admits(peer.toString("latin1"), 0, clock.mono()) &&
    all.admits("", 0, clock.mono());
  const socket = new Socket({
    linger: 0,
    mandatory: true,
    sendTimeout: 0,
    sendHighWaterMark: SEND_HIGH_WATER_MARK,
    receiveHighWaterMark: RECEIVE_HIGH_WATER_MARK,
    maxMessageSize: FRAME_BYTES_MAX,
  });

  async function answer(peer: Buffer, states: ReturnType<CatchUp["hello"]>) {
    for (const state of states)
      try {
        await socket.send([peer, encodeSync(state)]);
        fault("state-sent");
      } catch {
        counts.unsent++;
      }
  }

  async function receive(): Promise<void> {
    for await (const [peer, head, ...frames] of socket) {
      const message = decodeSync(head);
      if (peer === undefined || message === null || message.kind === "state")
        counts.refused++;
      else if (message.kind === "resend") {
        const more = catchUp.resend(message, frames);
        if (more !== null) await answer(peer, [more]);
      } else if (admits(peer)) await answer(peer, catchUp.hello(message));
      else counts.held++;
    }
  }

  try {
    await socket.bind(ipc(connectBehind(path)));
  } catch (error) {
    throw new Failure(`Cannot listen at '${path}': ${reasonOf(error)}`);
  }
  // at once, and a send with no timeout does not keep it waiting; should it ever throw, the process ends with it
  const receiving = receive();
  const door = await openDoor(path, connections);
  return {
    async [Symbol.asyncDispose]() {
      socket.close();
      await door[Symbol.asyncDispose]();
      await receiving;
    },
  };
}
