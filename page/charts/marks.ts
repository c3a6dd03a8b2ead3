import { type TimeRange } from "../../shared/contract/units.js";
import type { HistoryEvent } from "../../shared/contract/history.js";
import { lengthOf } from "../data/span.js";
import { type Cluster, clusters } from "../data/wan-data.js";
import { make } from "../dom.js";
import {
  dayAndTimeText,
  eventInWords,
  severity,
  timeToMs,
} from "../text/words.js";
import { AXIS_PX, RIGHT_PX } from "./plot.js";

/** Event markers above a chart; hover, focus or click shows the details. */
interface Marks {
  show(events: readonly HistoryEvent[], bounds: TimeRange): void;
}

/** Events closer than this share one mark: the size of a touch target. */
const APART_PX = 26;

/** Events listed for one mark at most. */
const TOLD_MAX = 6;

export function openMarks(place: HTMLElement, wan: string): Marks {
  const row = make("div", {
    class: "marks",
    role: "group",
    "aria-label": `Events of ${wan}; left and right arrow move between them`,
  });
  const note = make("div", { class: "note", role: "status" });
  note.hidden = true;
  place.append(row, note);
  let shown = "";

  function tell(mark: HTMLElement, { members }: Cluster<HistoryEvent>): void {
    const told = members
      .slice(0, TOLD_MAX)
      .map((event) =>
        make(
          "p",
          {},
          make("time", {}, timeToMs(event.at)),
          ` ${eventInWords(event)}`,
        ),
      );
    const rest = members.length - told.length;
    note.replaceChildren(
      ...told,
      ...(rest > 0 ? [make("p", {}, `and ${rest} more: zoom in`)] : []),
    );
    note.hidden = false;
    const room = place.clientWidth - note.offsetWidth;
    note.style.left = `${Math.max(0, Math.min(mark.offsetLeft - 12, room))}px`;
  }

  function markOf(cluster: Cluster<HistoryEvent>, ratio: number): HTMLElement {
    const { members } = cluster;
    const [first] = members;
    const worst = Math.max(...members.map((event) => severity(event)));
    const label =
      members.length === 1 && first
        ? `${dayAndTimeText(first.at)}: ${eventInWords(first)}`
        : `${dayAndTimeText(cluster.at)}: ${members.length} events`;
    const mark = make(
      "button",
      {
        type: "button",
        tabindex: "-1",
        class: `mark worst-${worst}`,
        "aria-label": label,
      },
      members.length === 1 && first
        ? glyph(first)
        : members.length > 99
          ? "99+"
          : String(members.length),
    );
    mark.style.left = `calc(${AXIS_PX}px + (100% - ${AXIS_PX + RIGHT_PX}px) * ${ratio})`;
    for (const name of ["focus", "mouseenter", "click"])
      mark.addEventListener(name, () => tell(mark, cluster));
    for (const name of ["blur", "mouseleave"])
      mark.addEventListener(name, () => {
        note.hidden = document.activeElement !== mark;
      });
    return mark;
  }

  row.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (!(target instanceof HTMLElement)) return;
    const to =
      key === "ArrowRight"
        ? target.nextElementSibling
        : key === "ArrowLeft"
          ? target.previousElementSibling
          : null;
    if (key === "Escape") target.blur();
    if (key !== "ArrowRight" && key !== "ArrowLeft") return;
    // while a mark has the focus, the arrow keys move between marks
    event.stopPropagation();
    event.preventDefault();
    if (to instanceof HTMLElement) to.focus();
  });

  return {
    show(events, bounds) {
      const length = lengthOf(bounds);
      const width = Math.max(row.clientWidth - AXIS_PX - RIGHT_PX, 1);
      const within = events.filter(
        ({ at }) => at >= bounds.fromMs && at < bounds.toMs,
      );
      const now = `${width} ${bounds.fromMs} ${bounds.toMs} ${within.length} ${within[0]?.at}`;
      if (now === shown) return;
      shown = now;
      // do not remove a mark that has the focus
      if (row.contains(document.activeElement)) return;
      note.hidden = true;
      row.replaceChildren(
        ...clusters(within, (length / width) * APART_PX).map((cluster) =>
          markOf(cluster, (cluster.at - bounds.fromMs) / length),
        ),
      );
      row.firstElementChild?.setAttribute("tabindex", "0");
    },
  };
}

/** ▲ and ▽: the state became worse or better. ! and i: bad news, or not. */
function glyph(event: HistoryEvent): string {
  const { kind, details } = event;
  if (kind !== "transition") return severity(event) > 0 ? "!" : "i";
  return Number(details["to"]) > Number(details["from"]) ? "▲" : "▽";
}
