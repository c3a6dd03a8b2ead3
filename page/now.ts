import { causeInWords } from "../shared/contract/cause.js";
import { type Direction, DIRECTIONS } from "../shared/contract/direction.js";
import { STATES } from "../shared/contract/state.js";
import { maybe, rttInWords, showMbps } from "../shared/contract/units.js";
import type { WanPresent } from "./data/wan-data.js";
import { make, say } from "./dom.js";
import { lasting } from "./text/words.js";

/** The current values of one WAN. */
export interface NowTable {
  show(present: WanPresent, nowMs: number): void;
}

const toMs = (us: number): number => us / 1e3;

const CAPITAL = { download: "Download", upload: "Upload" } as const;
const COLUMNS = ["", "state", "since", "enforced", "wanted", "load", "why"];

export function openNowTable(place: HTMLElement, wan: string): NowTable {
  const headline = make("p", { class: "headline" });
  const rows = Object.fromEntries(
    DIRECTIONS.map((direction) => [direction, rowOf(direction)]),
  ) as Record<Direction, ReturnType<typeof rowOf>>;
  const table = make(
    "table",
    {},
    make("caption", {}, "rates and load in Mbit/s"),
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        ...COLUMNS.map((name) =>
          name === ""
            ? make("td")
            : make("th", { scope: "col", class: name }, name),
        ),
      ),
    ),
    make(
      "tbody",
      {},
      ...DIRECTIONS.map((direction) => rows[direction].element),
    ),
  );
  place.append(
    make(
      "section",
      { class: "present", "aria-label": `${wan} now` },
      make("div", {}, make("h2", {}, wan), headline),
      table,
    ),
  );
  return {
    show(present, nowMs) {
      say(headline, headlineOf(present, nowMs));
      headline.classList.toggle("stale", !present.isLive);
      for (const direction of DIRECTIONS) rows[direction].show(present, nowMs);
    },
  };
}

function rowOf(direction: Direction) {
  const cell = (name: string) => make("td", { class: name, "data-name": name });
  const cells = {
    state: cell("state"),
    since: cell("since"),
    enforced: cell("enforced"),
    wanted: cell("wanted"),
    load: cell("load"),
    why: cell("why"),
  };
  const badge = make("span", { class: "badge" });
  cells.state.append(badge);
  const element = make(
    "tr",
    {},
    make("th", { scope: "row" }, direction),
    ...Object.values(cells),
  );
  return {
    element,
    show({ values, isLive, since }: WanPresent, nowMs: number) {
      const D = CAPITAL[direction];
      const code = values?.[`state${D}`];
      say(badge, code === undefined ? "unknown" : (STATES[code] ?? "unknown"));
      badge.className = `badge ${isLive ? `state-${code}` : ""}`;
      const from = since[direction];
      say(cells.since, from === null ? "" : lasting(nowMs - from));
      say(cells.enforced, showMbps(values?.[`enforced${D}Kbps`] ?? null));
      say(cells.wanted, showMbps(values?.[`wanted${D}Kbps`] ?? null));
      say(cells.load, showMbps(values?.[`load${D}Kbps`] ?? null));
      const why = values === null ? "" : causeInWords(values, direction);
      say(cells.why, why);
      // one line, so that the layout does not shift; the whole text as a tooltip
      if (cells.why.title !== why) cells.why.title = why;
    },
  };
}

function headlineOf(
  { values, isLive, hasStopped, isRouterUp, at }: WanPresent,
  nowMs: number,
): string {
  const inMs = (us: number | null | undefined) => maybe(us ?? null, toMs);
  const parts = [
    `RTT ${rttInWords(inMs(values?.baselineUs), inMs(values?.deltaUs))}`,
  ];
  if (hasStopped) parts.push("controller stopped");
  else if (!isLive)
    parts.push(
      at === null
        ? "nothing heard"
        : `nothing heard for ${lasting(nowMs - at)}; last known values`,
    );
  if (isRouterUp === false) parts.push("router does not answer");
  return parts.join(" · ");
}
