import type { Frame } from "../../shared/frame.js";
import { column, ROW_FIELDS } from "../../shared/row.js";
import type { Connection } from "./connection.js";
import type { Run } from "./ledger.js";
import { openSeries } from "./series.js";

/** Turns frames into rows. Plain inserts: what is refused here was admitted by mistake, and throws. */
export interface Rows {
  insert(run: Run, frame: Frame): void;
}

export function openRows(db: Connection): Rows {
  const columns = ROW_FIELDS.map(column);
  const insertCycle = db.prepare(
    `insert into cycle (wan, at_ms, source, seq, ${columns.join(", ")})
       values (?, ?, ?, ?${", ?".repeat(columns.length)})`,
  );
  const insertEvent = db.prepare("insert into event values (?, ?, ?, ?, ?, ?)");
  const insertSample = db.prepare("insert into sample values (?, ?, ?, ?, ?)");
  const series = openSeries(db);

  return {
    insert({ source, wan }, frame) {
      const { seq, at } = frame;
      const addEvent = (kind: string, details: object) =>
        insertEvent.run(source, seq, wan, at, kind, JSON.stringify(details));
      switch (frame.kind) {
        case "cycle": {
          const values = ROW_FIELDS.map((name) => frame[name]);
          insertCycle.run(wan, at, source, seq, ...values);
          break;
        }
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
