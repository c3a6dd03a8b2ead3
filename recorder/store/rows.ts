import type { CycleFrame, Frame, SampleFrame } from "../../shared/frame.js";
import { labelText } from "../../shared/metrics.js";
import type { Connection } from "./connection.js";
import type { Run } from "./runs.js";

/** Turns frames into rows, but for cycles: see cycles.ts. Plain inserts: what is refused here was admitted by mistake, and throws. */
export interface Rows {
  insert(run: Run, frame: Exclude<Frame, CycleFrame>): void;
}

export function openRows(db: Connection): Rows {
  const insertEvent = db.prepare("insert into event values (?, ?, ?, ?, ?, ?)");
  const insertSample = db.prepare("insert into sample values (?, ?, ?, ?, ?)");
  const addSeries = db.prepare(
    "insert into series (wan, metric, labels) values (?, ?, ?) on conflict (wan, metric, labels) do nothing",
  );
  const findSeries = db
    .prepare<[number, string, string], number>(
      "select id from series where wan = ? and metric = ? and labels = ?",
    )
    .pluck();

  function seriesOf(wan: number, { metric, labels }: SampleFrame) {
    const key = [wan, metric, labelText(labels) ?? ""] as const;
    addSeries.run(...key);
    return findSeries.get(...key);
  }

  return {
    insert({ source, wan }, frame) {
      const { seq, at } = frame;
      const addEvent = (kind: string, details: object) =>
        insertEvent.run(source, seq, wan, at, kind, JSON.stringify(details));
      switch (frame.kind) {
        case "sample":
          insertSample.run(seriesOf(wan, frame), at, source, seq, frame.value);
          break;
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
