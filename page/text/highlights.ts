import { MINUTE_MS } from "../../shared/contract/units.js";
import type {
  HistoryEvent,
  SummaryAnswer,
} from "../../shared/contract/history.js";
import { make, element, say } from "../dom.js";
import { dayAndTimeText, eventInWords, meaning, ms } from "./words.js";

/** The worst minutes and the events of the shown span. */
export interface Highlights {
  worst(summary: SummaryAnswer): void;
  events(events: readonly HistoryEvent[], isAll: boolean): void;
}

const EVENTS_SHOWN = 20;

/** Time shown before and after a selected entry. */
const AROUND_EVENT_MS = 15_000;
const AROUND_MINUTE_MS = 120_000;

/** @param go shows the time around an instant */
export function openHighlights(
  go: (atMs: number, aroundMs: number) => void,
): Highlights {
  const [worst, events] = ["worst", "events"].map((id) =>
    element(id, HTMLElement),
  );
  const note = element("events-note", HTMLElement);

  const line = (
    means: string,
    at: number,
    wan: string,
    words: string,
    [goMs, aroundMs]: readonly [number, number],
  ) => {
    const link = make(
      "button",
      { type: "button", class: "find", title: means },
      make("time", {}, dayAndTimeText(at)),
      make("b", {}, wan),
      make("span", {}, words),
    );
    link.addEventListener("click", () => {
      go(goMs, aroundMs);
      // to the charts, and to the text of the span they show now
      element("span", HTMLElement).focus();
    });
    return make("li", {}, link);
  };

  function fill(
    list: HTMLElement | undefined,
    lines: readonly HTMLElement[],
    none: string,
  ) {
    // do not replace entries while one has the focus
    if (list?.contains(document.activeElement)) return;
    list?.replaceChildren(
      ...(lines.length === 0 ? [make("li", { class: "none" }, none)] : lines),
    );
  }

  return {
    worst({ metadata }) {
      const lines = metadata.worst
        .slice(0, 10)
        .map(({ wan, at, deltaAvgMs, deltaMaxMs, minutes }) => {
          const lengthMs = minutes * MINUTE_MS;
          const whole = minutes === 1 ? "" : `, over ${minutes} minutes`;
          return line(
            "",
            at,
            wan,
            `${ms(deltaAvgMs)} over baseline on average, ${ms(deltaMaxMs)} at most${whole}`,
            [at + lengthMs / 2, lengthMs / 2 + AROUND_MINUTE_MS],
          );
        });
      fill(worst, lines, "nothing in this time range");
    },
    events(found, isAll) {
      // incidents first: there are many state changes
      const shown = [
        ...found.filter(({ kind }) => kind !== "transition"),
        ...found.filter(({ kind }) => kind === "transition"),
      ].slice(0, EVENTS_SHOWN);
      fill(
        events,
        shown.map((event) =>
          line(meaning(event), event.at, event.wan, eventInWords(event), [
            event.at,
            AROUND_EVENT_MS,
          ]),
        ),
        "nothing in this time range",
      );
      say(
        note,
        isAll
          ? found.length > shown.length
            ? `${shown.length} of ${found.length}, state changes last; all are marked in the charts.`
            : ""
          : `There are more: only the newest ${found.length} are marked in the charts.`,
      );
    },
  };
}
