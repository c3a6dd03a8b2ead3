import { openPublisher, type Publisher } from "../../shared/bus/publisher.js";
import type { Message } from "../../shared/contract/frame.js";
import { systemClock } from "../../shared/runtime/clock.js";
import { serveHealth } from "../../shared/runtime/health.js";
import type { RunFolder } from "../../shared/runtime/paths.js";
import { BOOT, cycle } from "../fakes/frames.js";

export const FINE = { status: "fine", reasons: [] } as const;

/** What a controller shows of itself: a health socket, and frames until it is disposed. */
export async function controller(
  run: RunFolder,
  wan: string,
  messages: readonly Message[] = [cycle()],
): Promise<AsyncDisposable> {
  const paths = { bind: run.wanFrames(wan), connect: run.frames };
  const publisher: Publisher = await openPublisher(
    wan,
    BOOT,
    systemClock,
    paths,
  );
  const health = await serveHealth(run.wanHealth(wan), () => FINE);
  let next = 0;
  const beat = setInterval(() => {
    const message = messages[next++ % messages.length];
    if (message) publisher.publish(message);
  }, 10);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(beat);
      await health[Symbol.asyncDispose]();
      await publisher[Symbol.asyncDispose]();
    },
  };
}
