import { openSubscriber } from "../../shared/bus/subscriber.js";
import { decodeFrame, type Frame } from "../../shared/contract/frame.js";
import {
  demandAccess,
  type RunFolder,
  wansIn,
} from "../../shared/runtime/paths.js";

/** How often the run folder is looked through for new controllers, ms. */
const LOOK_MS = 500;

/** A listener that is slow has frames dropped, at the controller, rather than kept: 10 s at 20 Hz. */
const QUEUE = 200;

interface ListenOptions {
  /** Only these WANs; all of them where the list is empty. */
  readonly wans: readonly string[];
  /** Hears of a message that is no frame. */
  readonly refuse: (reason: string) => void;
}

/**
 * The live frames of every controller in the run folder, of new ones too, until `stop`. Changes nothing for anybody.
 * @throws Failure where the folder or a socket is not for us: ZeroMQ would try it for ever and say nothing
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
