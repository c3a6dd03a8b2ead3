import { chmodSync } from "node:fs";
import { Router as Socket } from "zeromq";
import { decodeSync, encodeSync, WANT_MAX } from "../shared/bus/sync.js";
import { Failure, reasonOf } from "../shared/failure.js";
import { FRAME_BYTES_MAX } from "../shared/frame.js";
import { ipc } from "../shared/paths.js";
import type { CatchUp } from "./catch-up.js";
import { fault } from "./fault.js";

export interface SyncCounts {
  /** Messages that were none of this protocol. */
  refused: number;
  /** Answers to somebody who had gone, or did not listen. */
  unsent: number;
}

/** Per controller; an answer to a request is some twenty slices. */
const HIGH_WATER_MARK = 100;

/**
 * Where controllers say what they hold, and hear what is asked of them.
 * @param counts where it is counted what went wrong
 * @throws Failure when the socket cannot be bound
 */
export async function openSync(
  path: string,
  catchUp: CatchUp,
  counts: SyncCounts,
): Promise<AsyncDisposable> {
  const socket = new Socket({
    linger: 0,
    mandatory: true,
    sendTimeout: 0,
    sendHighWaterMark: HIGH_WATER_MARK,
    receiveHighWaterMark: HIGH_WATER_MARK,
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
      if (peer !== undefined && message?.kind === "hello")
        await answer(peer, catchUp.hello(message));
      else if (message?.kind === "resend" && frames.length <= WANT_MAX)
        catchUp.resend(message, frames);
      else counts.refused++;
    }
  }

  try {
    await socket.bind(ipc(path));
  } catch (error) {
    throw new Failure(`Cannot listen at '${path}': ${reasonOf(error)}`);
  }
  // at once, and a send with no timeout does not keep it waiting; should it ever throw, the process ends with it
  const receiving = receive();
  chmodSync(path, 0o660);
  return {
    async [Symbol.asyncDispose]() {
      socket.close();
      await receiving;
    },
  };
}
