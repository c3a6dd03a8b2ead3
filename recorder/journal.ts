import { randomBytes } from "node:crypto";
import type { Clock } from "../shared/clock.js";
import type { EventName } from "../shared/event.js";
import { FRAME_VERSION, type EventFrame } from "../shared/frame.js";
import type { Log } from "../shared/log.js";
import type { Store } from "./store/store.js";

/** More than this is not kept while nothing can be written. */
const WAITING_MAX = 64;

export type Detail = EventFrame["detail"];

/** The recorder's own events: said in the log at once, and stored as frames. */
export interface Journal {
  note(event: EventName, detail: Detail): void;
  /** Stores what was noted. What cannot be written waits for the next time. */
  flush(): void;
  /** Events given up because nothing could be written for too long. */
  readonly dropped: number;
}

interface Note {
  readonly event: EventName;
  readonly detail: Detail;
  readonly at: number;
  readonly mono: number;
}

/**
 * Numbers are given when they are stored, so that what is given up leaves no hole; and from 1 in a new database, which
 * would miss the others for ever.
 */
export function openJournal(
  store: Pick<Store, "commit"> & { readonly openings?: number },
  clock: Clock,
  log: Log,
): Journal {
  let waiting: Note[] = [];
  let [seq, dropped, openings, boot] = [0, 0, store.openings, newBoot()];
  return {
    get dropped() {
      return dropped;
    },
    note(event, detail) {
      log.warn(event, detail);
      const mono = Math.round(clock.mono());
      waiting.push({ event, detail, at: clock.wall(), mono });
      if (waiting.length <= WAITING_MAX) return;
      waiting.shift();
      dropped++;
    },
    flush() {
      if (waiting.length === 0) return;
      if (openings !== store.openings)
        [seq, openings, boot] = [0, store.openings, newBoot()];
      const frames = waiting.map((note, i): EventFrame => {
        const header = { v: FRAME_VERSION, source: "recorder", boot };
        return { ...header, kind: "event", seq: seq + 1 + i, ...note };
      });
      if (store.commit(frames).kind !== "committed") return;
      seq += frames.length;
      waiting = [];
    },
  };
}

const newBoot = (): string => randomBytes(8).toString("hex");
