import { openSubscriber } from "../../shared/bus/subscriber.js";
import type { Direction } from "../../shared/contract/direction.js";
import type { EventName } from "../../shared/contract/event.js";
import {
  type CycleFrame,
  decodeFrame,
  type EventFrame,
  type Frame,
} from "../../shared/contract/frame.js";
import { reasonOf } from "../../shared/runtime/failure.js";
import { until } from "./waiting.js";

/** Everything a controller said on the bus while somebody listened. */
export interface Heard extends AsyncDisposable {
  readonly frames: readonly Frame[];
  /** Why messages were no frames; there should be none. */
  readonly refused: readonly string[];
  /** The cycles heard from a place in `frames` on. */
  cyclesFrom(place: number): CycleFrame[];
  /** The first such event from a place in `frames` on; waits for it. @throws after `ms` */
  event(name: EventName, place: number, ms: number): Promise<EventFrame>;
}

/** What a controller wants in a direction. */
export const wantedKbps = (cycle: CycleFrame, direction: Direction): number =>
  direction === "download" ? cycle.wantedDownloadKbps : cycle.wantedUploadKbps;

/** @param path where the controller publishes; it need not be there yet */
export async function openHeard(path: string): Promise<Heard> {
  const subscriber = await openSubscriber();
  subscriber.connect(path);
  const frames: Frame[] = [];
  const refused: string[] = [];
  const listening = (async () => {
    for await (const body of subscriber)
      try {
        frames.push(decodeFrame(body).frame);
      } catch (error) {
        refused.push(reasonOf(error));
      }
  })();
  return {
    frames,
    refused,
    cyclesFrom: (place) =>
      frames.slice(place).filter((frame) => frame.kind === "cycle"),
    event: (name, place, ms) =>
      until(`event ${name}`, ms, () =>
        frames
          .slice(place)
          .filter((frame) => frame.kind === "event")
          .find(({ event }) => event === name),
      ),
    async [Symbol.asyncDispose]() {
      await subscriber[Symbol.asyncDispose]();
      await listening;
    },
  };
}
