import type { CycleFrame, Frame } from "../../shared/contract/frame.js";
import type { Connection } from "./connection.js";
import type { Run } from "./runs.js";
import { openSeries } from "./series.js";

/** Turns frames into rows, but for cycles: see cycles.ts. Plain inserts: what is refused here was admitted by mistake, and throws. */
export interface Rows {
  insert(run: Run, frame: Exclude<Frame, CycleFrame>): void;
}

export function openRows(db: Connection): Rows {
  const insertEvent = db.prepare(
    "insert into event (at_ms, source, seq, wan, kind, details) values (?, ?, ?, ?, ?, ?)",
  );
  const insertSample = db.prepare(
    "insert into sample (series, at_ms, source, seq, value) values (?, ?, ?, ?, ?)",
  );
  const series = openSeries(db);

  return {
    insert({ source, wan }, frame) {
      const { seq, at } = frame;
      const addEvent = (kind: string, details: object) =>
        insertEvent.run(at, source, seq, wan, kind, JSON.stringify(details));
      switch (frame.kind) {
        case "sample": {
          const id = series.idOf(wan, frame.metric, frame.labels);
          insertSample.run(id, at, source, seq, frame.value);
          break;
        }
        case "event":
          addEvent(frame.event, frame.detail);
          break;
        case "config": {
          const { trigger, config } = frame;
          addEvent("config", { trigger, config });
          break;
        }
        case "transition": {
          const { direction, from, to, reason } = frame;
          const { deltaUs, threshold, thresholdUs } = frame;
          const numbers = { deltaUs, threshold, thresholdUs };
          addEvent("transition", { direction, from, to, reason, ...numbers });
          break;
        }
      }
    },
  };
}
