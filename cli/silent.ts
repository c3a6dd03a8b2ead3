import { WAN_NAME } from "../shared/contract/frame.js";
import type { Health } from "../shared/runtime/health.js";
import { answerOf } from "./answer.js";
import { dayAndTime } from "./history/calendar.js";

/** A controller of which the recorder hears nothing though it did not say that it stops. */
export interface SilentRun {
  readonly wan: string;
  readonly lastSeq: number | null;
  readonly lastAtMs: number | null;
}

export const silentIn = (recorder: Health | null): readonly SilentRun[] =>
  answerOf(recorder)
    .list("silent")
    .flatMap((run) => {
      const wan = run.text("wan");
      if (wan === null || !WAN_NAME.test(wan)) return [];
      const [lastSeq, lastAtMs] = [
        run.number("lastSeq"),
        run.number("lastAtMs"),
      ];
      return [{ wan, lastSeq, lastAtMs }];
    });

export const silentInWords = ({ lastSeq, lastAtMs }: SilentRun): string =>
  `it did not say that it stops: the last frame, ${lastSeq ?? "—"}, is of ${lastAtMs === null ? "—" : dayAndTime(lastAtMs)}`;
