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
  /** Invalid messages. */
  refused: number;
  /** Hellos over the rate limit. */
  held: number;
  /** Answers that could not be sent: the controller was gone or did not read. */
  unsent: number;
}

/** Messages queued for sending per controller; more are dropped. */
const SEND_HIGH_WATER_MARK = 100;

/** Messages queued for receiving per controller, of any size; the rest waits in the controller's queue. */
const RECEIVE_HIGH_WATER_MARK = 16;

/** Hellos per controller and second; more are dropped. A controller sends one, when stopping twenty. */
const HELLOS = { frames: 30, bytes: 2 ** 17 };

/** Hellos of all controllers per second: each may need queries for sixteen runs. */
const ALL_HELLOS = { frames: 100, bytes: 2 ** 19 };

/**
 * The socket on which controllers say what they hold, and get requests for it.
 * @param counts incremented on errors
 * @throws Failure if the socket cannot be bound
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
  // at once; sends do not wait (sendTimeout 0); not awaited: an error ends the process
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
