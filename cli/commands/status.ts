import type { Command } from "commander";
import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import { WAN_NAME } from "../../shared/contract/frame.js";
import {
  rttInWords,
  showMbps,
  showMs,
  showSpan,
} from "../../shared/contract/units.js";
import { askHealth, type Health } from "../../shared/runtime/health.js";
import {
  runFolder,
  type RunFolder,
  wansIn,
} from "../../shared/runtime/paths.js";
import { type Answer, answerOf, isFine } from "../answer.js";
import { dayAndTime } from "../history/time.js";
import { clip, COLUMNS, printable, showBytes, wrap } from "../terminal.js";
import { example, RUN_DIR } from "./options.js";

export function declare(command: Command): void {
  command
    .option("--json", "the answers as one JSON object")
    .option("--run-dir <dir>", RUN_DIR)
    .addHelpText(
      "after",
      example("wanctl status || systemctl list-units 'wanctl*'"),
    )
    .action(async (options: { json?: true; runDir?: string }) => {
      process.exitCode = await status(options, runFolder(options.runDir));
    });
}

/** A controller that fell silent without announcing a stop, as the recorder reports it. */
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
  `no stop announced: last frame ${lastSeq ?? "—"} at ${lastAtMs === null ? "—" : dayAndTime(lastAtMs)}`;

/** The answers as text, in lines of at most 80 columns. */
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

/** A name and its state; a space also follows long names. */
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
      `${count(answer, "loop.cycles")} cycles, ${count(answer, "loop.missed")} cycles missed, ${brief(answer, "loop.lateMs")} late`,
    ),
  ];
}

function sideLines(answer: Answer, direction: Direction): readonly string[] {
  const rate = (key: string) =>
    showMbps(answer.number(`${direction}.${key}`)).padStart(4);
  const state = `${text(answer, `${direction}.state`)} for ${showSpan(answer.number(`${direction}.sinceMs`))}`;
  const restless = answer.number(`${direction}.restlessness`) ?? 0;
  return [
    item(
      direction,
      `${state.padEnd(22)} wanted ${rate("wantedKbps")}  enforced ${rate("enforcedKbps")}  load ${rate("loadKbps")} Mbit/s`,
    ),
    ...wrap(
      head(""),
      `${text(answer, `${direction}.why`)}${restless > 0 ? `; restless ${restless}` : ""}`,
    ),
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

/** A short duration, with a decimal. */
const brief = (answer: Answer, key: string): string =>
  showMs(answer.number(key));

function ago(answer: Answer, key: string): string {
  const ms = answer.number(key);
  return ms === null ? "—" : `${showSpan(ms)} ago`;
}

/** The answer of each process in a run folder; null for none. */
export interface Status {
  readonly status: "fine" | "degraded" | "not running";
  readonly reasons: readonly string[];
  readonly wans: Readonly<Record<string, Health | null>>;
  readonly recorder: Health | null;
}

const EXIT = { fine: 0, degraded: 1, "not running": 2 } as const;

/** Asks every process for its health and prints it. Returns the exit code: 0 fine, 1 degraded, 2 not running. */
export async function status(
  { json = false }: { readonly json?: boolean },
  run: RunFolder,
): Promise<number> {
  const found = await ask(run);
  const page = json
    ? `${JSON.stringify(found, null, 2)}\n`
    : `${statusPage(found, run.root).join("\n")}\n`;
  process.stdout.write(page);
  return EXIT[found.status];
}

async function ask(run: RunFolder): Promise<Status> {
  const names = wansIn(run);
  const [recorder, ...answers] = await Promise.all([
    askHealth(run.recorderHealth),
    ...names.map((wan) => askHealth(run.wanHealth(wan))),
  ]);
  // a dead controller without a socket is still known to the recorder
  const silent = silentIn(recorder).map(({ wan }) => [wan, null] as const);
  return overallStatus(
    Object.fromEntries([
      ...silent,
      ...names.map((name, i) => [name, answers[i] ?? null] as const),
    ]),
    recorder,
  );
}

/** The overall state: fine only if every process answers that it is fine. */
export function overallStatus(
  wans: Status["wans"],
  recorder: Health | null,
): Status {
  const parts = Object.entries({ ...wans, recorder });
  const running = parts.filter(([, health]) => health !== null);
  if (running.length === 0)
    return { status: "not running", reasons: [], wans, recorder };
  const silent = silentIn(recorder);
  const reasons = parts.flatMap(([name, health]) => {
    const run = silent.find(({ wan }) => wan === name);
    const said = complaints(health);
    if (run !== undefined) said.push(silentInWords(run));
    return said.map((reason) => `${name}: ${reason}`);
  });
  if (!Object.values(wans).some((health) => health !== null))
    reasons.unshift("no controller is running");
  const status = reasons.length === 0 ? "fine" : "degraded";
  return { status, reasons, wans, recorder };
}

function complaints(health: Health | null): string[] {
  if (health === null) return ["not running"];
  const reasons = answerOf(health).texts("reasons");
  return reasons.length > 0 || isFine(health) ? [...reasons] : ["degraded"];
}
