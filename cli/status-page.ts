import { type Direction, DIRECTIONS } from "../shared/contract/direction.js";
import { showSpan } from "../shared/contract/event.js";
import { rttInWords, showMbps, showMs } from "../shared/contract/units.js";
import type { Health } from "../shared/runtime/health.js";
import { type Answer, answerOf } from "./answer.js";
import { silentIn, silentInWords } from "./silent.js";
import type { Status } from "./status.js";
import { clip, COLUMNS, printable, showBytes, wrap } from "./terminal.js";

/** The answers for people, as lines of at most 80 columns. */
export function statusPage(
  { status, wans, recorder }: Status,
  folder: string,
): readonly string[] {
  if (status === "not running")
    return [
      ...wrap("", `nothing is running in '${printable(folder)}'`),
      ...Object.keys(wans).map((wan) => title(wan, GONE)),
    ];
  const silent = silentIn(recorder);
  return [
    ...Object.entries(wans).flatMap(([wan, health]) => [
      ...section(wan, health, controllerLines),
      ...silent
        .filter((run) => run.wan === wan)
        .flatMap((run) => wrap("  ! ", silentInWords(run))),
      "",
    ]),
    ...(Object.keys(wans).length === 0 ? ["no controller is running", ""] : []),
    ...section("recorder", recorder, recorderLines),
  ];
}

/** A name and what it is; long names, too, end in a space. */
const title = (name: string, words: string): string =>
  `${name.padEnd(9)} ${words}`;

const GONE = "not running (no answer at its socket)";

function section(
  name: string,
  health: Health | null,
  lines: (answer: Answer) => readonly string[],
): readonly string[] {
  if (health === null) return [title(name, GONE)];
  const answer = answerOf(health);
  const up = answer.number("uptimeMs");
  return [
    title(
      name,
      `${text(answer, "status")}${up === null ? "" : `, up ${showSpan(up)}`}`,
    ),
    ...answer
      .texts("reasons")
      .flatMap((reason) => wrap("  ! ", printable(reason))),
    ...lines(answer),
  ];
}

function controllerLines(answer: Answer): readonly string[] {
  const number = (key: string) => answer.number(`measuring.${key}`);
  return [
    item(
      "RTT",
      `${rttInWords(number("baselineMs"), number("deltaMs"))}, last reply ${showMs(number("rttMs"))}`,
    ),
    item(
      "line",
      `${text(answer, "condition.name").replaceAll("_", " ")} for ${showSpan(answer.number("condition.sinceMs"))}`,
    ),
    item(
      "reading",
      `${text(answer, "measuring.reading")}, last reply ${ago(answer, "measuring.replyAgeMs")}`,
    ),
    ...DIRECTIONS.flatMap((direction) => sideLines(answer, direction)),
    ...wrap(head("router"), printable(router(answer))),
    item(
      "loop",
      `${count(answer, "loop.cycles")} cycles, ${count(answer, "loop.missed")} beats missed, ${brief(answer, "loop.lateMs")} late`,
    ),
  ];
}

function sideLines(answer: Answer, direction: Direction): readonly string[] {
  const rate = (key: string) =>
    showMbps(answer.number(`${direction}.${key}`)).padStart(4);
  const state = `${text(answer, `${direction}.state`)} for ${showSpan(answer.number(`${direction}.sinceMs`))}`;
  return [
    item(
      direction,
      `${state.padEnd(22)} wanted ${rate("wantedKbps")}  enforced ${rate("enforcedKbps")}  load ${rate("loadKbps")} Mbit/s`,
    ),
    ...wrap(head(""), text(answer, `${direction}.why`)),
  ];
}

function router(answer: Answer): string {
  const backend = answer.text("router.backend") ?? "—";
  const span = showSpan(answer.number("router.sinceMs"));
  if (answer.is("router.reachable", true))
    return `${backend}, reachable for ${span}`;
  if (!answer.is("router.reachable", false)) return backend;
  const error = answer.text("router.error");
  return `${backend}, unreachable for ${span}${error === null ? "" : `: ${error}`}`;
}

function recorderLines(answer: Answer): readonly string[] {
  const bytes = (key: string) => showBytes(answer.number(`recorder.${key}`));
  const n = (key: string) => count(answer, `recorder.${key}`);
  return [
    ...wrap(head("database"), text(answer, "recorder.dbPath")),
    item("", `${bytes("dbBytes")}, WAL ${bytes("walBytes")}`),
    item("http", http(answer)),
    item("frames", `${n("committed")} committed, ${n("waiting")} waiting`),
    item(
      "",
      `${n("missing")} missing, ${n("gaps")} gaps, ${n("refused")} refused, ${n("duplicates")} duplicates`,
    ),
    item(
      "commit",
      `${ago(answer, "recorder.lastCommitAgeMs")}, took ${brief(answer, "recorder.lastCommitMs")}`,
    ),
    ...answer
      .list("sources")
      .map((source, i) =>
        item(
          i === 0 ? "sources" : "",
          `${text(source, "name").padEnd(10)} lag ${showSpan(source.number("lagMs"))}, frame ${count(source, "lastSeq")} of run ${text(source, "boot")}`,
        ),
      ),
  ];
}

const http = (answer: Answer): string =>
  answer.is("recorder.httpUrl", null)
    ? "off"
    : text(answer, "recorder.httpUrl");

const head = (name: string): string => `  ${name.padEnd(10)}`;

const item = (name: string, words: string): string =>
  clip((head(name) + words).trimEnd(), COLUMNS);

const text = (answer: Answer, key: string): string =>
  printable(answer.text(key) ?? "—");

const count = (answer: Answer, key: string): string =>
  answer.number(key)?.toFixed(0) ?? "—";

/** A small span, with a decimal. */
const brief = (answer: Answer, key: string): string =>
  showMs(answer.number(key));

function ago(answer: Answer, key: string): string {
  const ms = answer.number(key);
  return ms === null ? "—" : `${showSpan(ms)} ago`;
}
