import { randomBytes } from "node:crypto";
import type { Loaded } from "../shared/config/config.js";
import { type EventName, levelOf } from "../shared/contract/event.js";
import {
  type ConfigFrame,
  type EventFrame,
  FRAME_VERSION,
} from "../shared/contract/frame.js";
import type { Clock } from "../shared/runtime/clock.js";
import type { Log } from "../shared/runtime/log.js";
import type { Store } from "./store/store.js";

/** Events kept while the database cannot be written; older ones are dropped. */
const WAITING_MAX = 64;

export type Detail = EventFrame["detail"];
type Shown = Loaded<unknown>["shown"];

/** The recorder's own events: logged at once and stored as frames. */
export interface Journal {
  note(event: EventName, detail: Detail): void;
  /** The configuration in force, without secrets (DATA-04). */
  noteConfig(trigger: ConfigFrame["trigger"], config: Shown): void;
  /** Stores the waiting events; if that fails they wait for the next call. */
  flush(): void;
  /** Events dropped because the database could not be written for too long. */
  readonly dropped: number;
}

type Said =
  | Pick<EventFrame, "kind" | "event" | "detail">
  | Pick<ConfigFrame, "kind" | "trigger" | "config">;
type Note = Said & { readonly at: number; readonly mono: number };

/**
 * Events are numbered when stored, so that dropped ones leave no gap; and from 1 in a new database, which would
 * otherwise count the earlier ones as missing for ever.
 */
export function openJournal(
  store: Pick<Store, "commit"> & { readonly openings?: number },
  clock: Clock,
  log: Log,
): Journal {
  let waiting: Note[] = [];
  let [seq, dropped, openings, boot] = [0, 0, store.openings, newBoot()];
  const add = (said: Said) => {
    const mono = Math.round(clock.mono());
    waiting.push({ ...said, at: clock.wall(), mono });
    if (waiting.length <= WAITING_MAX) return;
    waiting.shift();
    dropped++;
  };
  return {
    get dropped() {
      return dropped;
    },
    note(event, detail) {
      log[levelOf(event)](event, detail);
      add({ kind: "event", event, detail });
    },
    noteConfig: (trigger, config) =>
      add({ kind: "config", trigger, config: { ...config } }),
    flush() {
      if (waiting.length === 0) return;
      if (openings !== store.openings)
        [seq, openings, boot] = [0, store.openings, newBoot()];
      const frames = waiting.map((note, i): EventFrame | ConfigFrame => ({
        ...{ v: FRAME_VERSION, source: "recorder", boot, seq: seq + 1 + i },
        ...note,
      }));
      if (store.commit(frames).kind !== "committed") return;
      seq += frames.length;
      waiting = [];
    },
  };
}

const newBoot = (): string => randomBytes(8).toString("hex");
