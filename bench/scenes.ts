import { DIRECTIONS } from "../shared/contract/direction.js";
import { groupsBy } from "../shared/contract/groups.js";
import { askHealth } from "../shared/runtime/health.js";
import { answerOnKernelWith } from "../test/bed/bed.js";
import { openLine } from "../test/bed/line.js";
import { start } from "../test/bed/namespace.js";
import { addQueue } from "../test/bed/queues.js";
import { type Outcome, playScene } from "../test/bed/scene.js";
import { openSystem, WAN } from "../test/bed/system.js";
import { DOWNLOADS } from "../test/bed/traffic.js";
import { pause } from "../test/bed/waiting.js";
import { GROUPS, type Scene, sceneNamed, SCENES } from "./scenes/list.js";

/**
 * What wanctl makes of lines that change, scene by scene, on real CAKE with real TCP: the share of the capacity that was
 * used and the RTT a user had on top of the idle line's. Root; on this kernel if it has CAKE and netem, else through the
 * command in CAKE_BED. A scene takes its own time, 60 to 100 s, or less where that kernel's clock may run ahead.
 *
 *   CAKE_BED="..." node dist/bench/scenes.js [NAME,...] [RUNS]     all scenes, as often as each is worth, or these
 *
 * `slow` are all slow lines beside fixed rates (5 minutes), `limited` all reflectors that limit their answers (5 minutes),
 * `restless` all lines that change all the time (12 minutes); `trace:FILE` is a recorded line, named by its whole path.
 */

/** Asked for by itself: play one scene on this kernel, and print its outcome as JSON. */
const ROW = "--row";

/** How long a line is idle before its load begins. */
const IDLE_MS = 8_000;

async function play(scene: Scene): Promise<Played> {
  const { phases, load = {}, character, settings, backend } = scene;
  const { answers, fixedKbps } = scene;
  const first = phases[0];
  if (first === undefined) throw new Error("a scene has phases");
  const { downloadKbps, uploadKbps } = first;
  const path = { ...character, uploadKbps };
  const played = { ...DOWNLOADS, ...load };
  if (fixedKbps !== undefined) {
    await using line = await openLine(downloadKbps, path);
    for (const direction of DIRECTIONS)
      addQueue("cake", direction, fixedKbps[direction]);
    return await playScene(line, phases, played);
  }
  await using system = await openSystem(downloadKbps, {
    character: path,
    ...(settings && { settings }),
    ...(backend && { backend }),
  });
  await pause(IDLE_MS);
  // where somebody answers handshakes
  await using _web =
    answers === undefined
      ? null
      : start("server", "python3 -m http.server 443");
  if (answers !== undefined) system.line.limitAnswers(answers.perS, answers.by);
  const from = system.heard.frames.length;
  const outcome = await playScene(system.line, phases, played);
  const events = system.heard.frames
    .slice(from)
    .flatMap((frame) => (frame.kind === "event" ? [frame.event] : []));
  const health = (await askHealth(system.run.wanHealth(WAN))) as {
    readonly reasons: readonly string[];
  };
  return answers === undefined
    ? outcome
    : { ...outcome, said: { events, reasons: health.reasons } };
}

interface Played extends Outcome {
  /** What the controller said meanwhile: events, and what its status says at the end. */
  readonly said?: {
    readonly events: readonly string[];
    readonly reasons: readonly string[];
  };
}

/** `2 pings_filtered, 2 pings_back; status: fine` */
function saidInWords({ events, reasons }: NonNullable<Played["said"]>): string {
  const counts = groupsBy(events, (event) => event).map(
    (same) => `${same.length} ${same[0]}`,
  );
  const status = reasons.length === 0 ? "fine" : reasons.join("; ");
  return `    events: ${counts.join(", ") || "none"}; status: ${status}`;
}

/** The outcome on a kernel that can. */
function playOn(name: string): Played {
  const outcome = answerOnKernelWith("cake", [ROW, name]);
  if (outcome === undefined) throw new Error("no kernel here has CAKE");
  return outcome as Played;
}

function inWords(
  name: string,
  { load }: Scene,
  { addedRttMs, lostPct, utilisationPct, phases }: Outcome,
): string {
  const { p50, p95, p99, max } = addedRttMs;
  const loaded = load?.loaded ?? "download";
  const cell = (value: number) => value.toFixed(1).padStart(7);
  const use = (direction: "download" | "upload") =>
    loaded === direction || loaded === "both"
      ? cell(utilisationPct[direction])
      : "      -";
  const way = loaded === "upload" ? "upload" : "download";
  const byPhase =
    phases.length > 6
      ? ""
      : phases.map((p) => Math.round(p.utilisationPct[way])).join(" ");
  return [
    name.padEnd(22),
    ...[p50, p95, p99, max, lostPct].map(cell),
    use("download"),
    use("upload"),
    "  ",
    byPhase,
  ].join("");
}

async function main([first, second]: readonly string[]): Promise<void> {
  if (first === ROW) {
    const scene = sceneNamed(second ?? "");
    if (scene === undefined) throw new Error(`no scene ${second}`);
    console.log(JSON.stringify(await play(scene)));
    return;
  }
  const names =
    first?.split(",").flatMap((name) => GROUPS[name] ?? [name]) ??
    Object.keys(SCENES);
  if (second !== undefined && !/^[1-9]\d*$/.test(second))
    throw new Error(`runs must be a number, and names have commas: ${second}`);
  console.log(
    "                          added RTT, ms              pings      use, %\n" +
      "                          p50    p95    p99    max lost, %   down     up  by phase",
  );
  for (const name of names) {
    const scene = sceneNamed(name);
    if (scene === undefined)
      throw new Error(
        `no scene ${name}; there are ${Object.keys(SCENES).join(", ")}`,
      );
    const runs = second === undefined ? scene.runs : Number(second);
    for (let run = 0; run < runs; run++)
      try {
        const outcome = playOn(name);
        console.log(inWords(name, scene, outcome));
        if (outcome.said) console.log(saidInWords(outcome.said));
      } catch (error) {
        console.log(`${name.padEnd(22)} FAILED: ${String(error)}`);
        process.exitCode = 1;
      }
  }
}

await main(process.argv.slice(2));
