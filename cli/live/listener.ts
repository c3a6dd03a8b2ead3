import { openSubscriber } from "../../shared/bus/subscriber.js";
import { decodeFrame, type Frame } from "../../shared/contract/frame.js";
import {
  demandAccess,
  type RunFolder,
  wansIn,
} from "../../shared/runtime/paths.js";

/** Time between checks of the run folder for new controllers, ms. */
const LOOK_MS = 500;

/** Frames queued per controller, 10 s at 20 Hz; if the listener is slow, more are dropped at the controller. */
const QUEUE = 200;

interface ListenOptions {
  /** Only these WANs; all if empty. */
  readonly wans: readonly string[];
  /** Called for an invalid message. */
  readonly refuse: (reason: string) => void;
}

/**
 * The live frames of all controllers in the run folder, including new ones, until `stop`.
 * @throws Failure if access to the folder or a socket is denied: ZeroMQ would retry for ever without an error
 */
export async function* listen(
  run: RunFolder,
  { wans, refuse }: ListenOptions,
  stop: AbortSignal,
): AsyncGenerator<Frame, void, void> {
  await using subscriber = await openSubscriber({ queue: QUEUE });
  const connected = new Set<string>();
  const look = () => {
    for (const wan of wansIn(run)) {
      if (connected.has(wan) || (wans.length > 0 && !wans.includes(wan)))
        continue;
      demandAccess(run.wanFrames(wan));
      connected.add(wan);
      subscriber.connect(run.wanFrames(wan));
    }
  };
  const close = () => void subscriber[Symbol.asyncDispose]();
  stop.addEventListener("abort", close, { once: true });
  const troubles: Error[] = [];
  const lookAgain = () => {
    try {
      look();
    } catch (error) {
      troubles.push(error as Error);
      close();
    }
  };
  const looking = setInterval(lookAgain, LOOK_MS);
  try {
    look();
    if (stop.aborted) return;
    for await (const body of subscriber) {
      const frame = read(body, refuse);
      if (frame !== undefined) yield frame;
    }
    for (const trouble of troubles) throw trouble;
  } finally {
    clearInterval(looking);
    stop.removeEventListener("abort", close);
  }
}

function read(
  body: Buffer,
  refuse: ListenOptions["refuse"],
): Frame | undefined {
  try {
    return decodeFrame(body).frame;
  } catch (error) {
    refuse((error as Error).message);
    return undefined;
  }
}
