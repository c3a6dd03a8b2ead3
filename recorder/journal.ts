import type { Clock } from "../shared/clock.js";
import {
  FRAME_VERSION,
  type EventFrame,
  type EventName,
} from "../shared/frame.js";
import type { Store } from "./store/store.js";

/** More than this is not kept while nothing can be written. */
const WAITING_MAX = 64;

/** The recorder's own events. They go the way of all frames: numbered, each stored once, a hole is a gap. */
export interface Journal {
  note(event: EventName, detail: EventFrame["detail"]): void;
  /** Stores what was noted. What cannot be written waits for the next time. */
  flush(): void;
  /** Events given up because nothing could be written for too long. */
  readonly dropped: number;
}

/** @param boot of this run of the recorder */
export function openJournal(store: Store, clock: Clock, boot: string): Journal {
  let waiting: EventFrame[] = [];
  let [seq, dropped] = [0, 0];
  return {
    get dropped() {
      return dropped;
    },
    note(event, detail) {
      waiting.push({
        v: FRAME_VERSION,
        source: "recorder",
        kind: "event",
        boot,
        seq: ++seq,
        at: clock.wall(),
        mono: Math.round(clock.mono()),
        event,
        detail,
      });
      if (waiting.length <= WAITING_MAX) return;
      waiting.shift();
      dropped++;
    },
    flush() {
      if (waiting.length === 0) return;
      if (store.commit(waiting).kind === "committed") waiting = [];
    },
  };
}
