import { openChartList, renewalMs } from "./charts/chart-list.js";
import { openCssColours, openTheme } from "./charts/css-colours.js";
import { openClient } from "./data/api.js";
import { openClock } from "./data/clock.js";
import { askWans, type Remembered } from "./data/history.js";
import { FIRST_VIEW, linkTo, type PageView, viewIn } from "./data/link.js";
import { openLive, SILENT_AFTER_MS } from "./data/live.js";
import {
  around,
  boundsOf,
  fixedSpan,
  lengthFor,
  lengthOf,
  type ShownSpan,
} from "./data/span.js";
import { openToken } from "./data/token.js";
import type { WanPresent } from "./data/wan-data.js";
import { element, say } from "./dom.js";
import { openHealthLine } from "./health.js";
import { type NowTable, openNowTable } from "./now.js";
import { openHighlights } from "./text/highlights.js";
import { worstMinutesOf } from "./text/summaries.js";
import { openToolbar } from "./toolbar.js";

const HEALTH_MS = 10_000;

const api = openClient(openToken());
const present = element("present", HTMLElement);
const trouble = element("trouble", HTMLElement);
const linkTrouble = element("link-trouble", HTMLElement);
const health = openHealthLine(api);
const tables = new Map<string, NowTable>();

const clock = openClock();
const { now } = clock;

let view: PageView = FIRST_VIEW;
let loadedAt = -Infinity;
let isAnswering = true;
/** null until the recorder has answered. */
let remembered: Remembered | null = null;
let entered: readonly string[] = [];

openTheme();
const colour = openCssColours();

function choose(next: PageView): void {
  if (linkTo(next) !== linkTo(view)) history.pushState(null, "", linkTo(next));
  complain(null);
  enter(next);
}

/** WANs heard live and WANs in the history: a removed WAN still has a history. */
const known = (): readonly string[] =>
  [...new Set([...live.presents.keys(), ...(remembered?.wans ?? [])])].sort();
const goTo = (span: ShownSpan) => choose({ ...view, span });

const highlights = openHighlights((atMs, aroundMs) => {
  // always zooms in, so that the click has a visible effect
  const closer = lengthOf(boundsOf(view.span, now())) / 4;
  goTo(around(atMs, Math.min(aroundMs, closer), now()));
});
const chartList = openChartList(
  api,
  element("charts", HTMLElement),
  highlights,
  {
    colour,
    select: (bounds) => goTo(fixedSpan(bounds, now())),
  },
);
const toolbar = openToolbar({ view: () => view, wans: known, now, choose });
const live = openLive(api, {
  cycle: (frame) => chartList.hear(frame),
  happened: () => (loadedAt = Math.min(loadedAt, now() - 14_000)),
  answers(problem) {
    const isBack = !isAnswering && problem === null;
    isAnswering = problem === null;
    trouble.hidden = isAnswering;
    say(trouble, problem ?? "");
    if (isBack) void remember().then(() => enter(view));
  },
  clock: (atMs) => clock.set(atMs),
});

function enter(next: PageView): void {
  view = next;
  entered = known();
  loadedAt = now();
  toolbar.show(view, known(), now());
  element("none", HTMLElement).hidden =
    remembered === null || known().length > 0;
  const shown = view.wans ?? known();
  const unknown = shown.filter((wan) => !known().includes(wan));
  if (remembered !== null && unknown.length > 0)
    complain(
      `Unknown WAN '${unknown.join("', '")}', known here: ${known().join(", ") || "none yet"}`,
    );
  void chartList.load(
    view.span,
    shown.filter((wan) => known().includes(wan)),
    now(),
  );
}

async function remember(): Promise<void> {
  remembered = (await askWans(api)) ?? remembered;
}

/** Shows what is wrong with the link; null clears it. */
function complain(words: string | null): void {
  linkTrouble.hidden = words === null;
  say(linkTrouble, words ?? "");
}

/** First view, after the recorder has answered: without a link, not longer than the history. */
function begin(): void {
  const { sinceMs } = remembered ?? { sinceMs: null };
  const { span } = view;
  if (location.hash !== "" || sinceMs === null || span.kind !== "last")
    enter(view);
  else {
    const lengthMs = lengthFor(sinceMs, span.lengthMs, now());
    enter({ ...view, span: { kind: "last", lengthMs } });
  }
}

function enterLink(): void {
  try {
    complain(null);
    enter(viewIn(location.hash));
  } catch (error) {
    enter(FIRST_VIEW);
    complain((error as Error).message);
  }
}

/** Called once per animation frame, and not at all in a hidden tab. */
function draw(): void {
  const nowMs = now();
  const shown: WanPresent[] = [];
  for (const wan of [...live.presents.keys()].sort()) {
    const each = live.presents.get(wan);
    if (each === undefined) continue;
    const table = tables.get(wan) ?? openNowTable(present, wan);
    tables.set(wan, table);
    const isLive =
      each.isLive && isAnswering && nowMs - (each.at ?? 0) < SILENT_AFTER_MS;
    shown.push({ ...each, isLive });
    table.show({ ...each, isLive }, nowMs);
  }
  const recorder = isAnswering ? health.recorder : null;
  health.show(worstMinutesOf(shown, recorder, nowMs));
  // load a new WAN once, whether first heard live or found in the history
  const isNew = known().some((wan) => !entered.includes(wan));
  const isLast = view.span.kind === "last";
  const isDue =
    isLast &&
    isAnswering &&
    nowMs - loadedAt > renewalMs(boundsOf(view.span, nowMs));
  if (isNew || isDue) enter(view);
  else if (isLast && isAnswering) {
    chartList.follow(nowMs);
    toolbar.show(view, known(), nowMs);
  }
  requestAnimationFrame(draw);
}

addEventListener("popstate", enterLink);
addEventListener("theme", () => chartList.redraw());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
  chartList.redraw(),
);
enterLink();
void remember().then(begin);
void live.run();
void health.look();
setInterval(() => void health.look(), HEALTH_MS);
requestAnimationFrame(draw);
