import { PROBED_MAX } from "../../../controller/probes/reflectors.js";
import type { EventFrame } from "../../../shared/contract/frame.js";
import { msSince, systemClock } from "../../../shared/runtime/clock.js";
import { reasonOf } from "../../../shared/runtime/failure.js";
import { askHealth, type Health } from "../../../shared/runtime/health.js";
import { kernelKbps } from "../../bed/queues.js";
import { WAN } from "../../bed/system.js";
import { pause } from "../../bed/waiting.js";
import { lately, LINE_KBPS, type Stage } from "./stage.js";
import { AWAY_MS, type Trouble } from "./trouble.js";

/** What came of a trouble. */
export interface Outcome {
  readonly events: readonly {
    readonly frame: EventFrame;
    readonly ms: number;
  }[];
  /** What health said meanwhile, each complaint once. */
  readonly said: readonly string[];
  /** From its end until all was right again; null: it never was. */
  readonly recoveredMs: number | null;
  /** Wanted for the download, kbit/s. */
  readonly rates: Readonly<Record<"before" | "min" | "max" | "after", number>>;
  /** What is not as it should be. */
  readonly faults: readonly string[];
}

/** By then everything must be right again, where a trouble does not say otherwise. */
const RECOVERED_MS = 60_000;
const LOOK_MS = 50;
const HEALTH_EACH = 5;

/** Plays a trouble to its end, and judges. */
export async function play(stage: Stage, trouble: Trouble): Promise<Outcome> {
  const { heard, system } = stage;
  await stage.load();
  const before = await recovered(
    stage,
    AWAY_MS,
    () => isLoaded(stage),
    isWhole,
  );
  const unready = before === null ? await stillWrong(stage, AWAY_MS) : null;
  const first = lately(heard, 1)[0]?.wantedDownloadKbps ?? NaN;
  const place = heard.frames.length;
  const begun = systemClock.mono();
  const events: { frame: EventFrame; ms: number }[] = [];
  const said = new Set<string>();
  const over = new AbortController();
  const witness = (async () => {
    for (let looked = place, i = 0; !over.signal.aborted; i++) {
      const ms = msSince(begun, systemClock.mono());
      for (const frame of heard.frames.slice(looked))
        if (frame.kind === "event") events.push({ frame, ms });
      looked = heard.frames.length;
      if (i % HEALTH_EACH === 0) {
        const health = await askHealth(system.run.wanHealth(WAN), 200);
        for (const reason of health?.reasons ?? []) said.add(plain(reason));
      }
      await pause(LOOK_MS);
    }
  })();
  const faults = before === null ? [`before: ${unready}`] : [];
  const attempt = async (provoke: () => unknown) => {
    try {
      await provoke();
    } catch (error) {
      faults.push(reasonOf(error));
    }
  };
  const pid = stage.controller().pid;
  await attempt(() => trouble.begin(stage));
  await pause(trouble.holdMs, begun);
  // even of a trouble that could only half begin: the next one needs a sound line
  await attempt(() => trouble.end?.(stage));
  const ended = heard.frames.length;
  const has = (names: readonly string[]) =>
    events.some(({ frame }) => names.includes(frame.event));
  const { withinMs = RECOVERED_MS } = trouble;
  const recoveredMs = await recovered(stage, withinMs, () =>
    [trouble.begins, trouble.over === null ? [] : [trouble.over]].every(
      (names) => names.length === 0 || has(names),
    ),
  );
  over.abort();
  await witness;
  const isSame = stage.controller().pid === pid;
  if (!trouble.isRestart && (!isSame || stage.controller().hasEnded))
    faults.push("the controller ended");
  if (trouble.begins.length > 0 && !has(trouble.begins))
    faults.push(`no ${trouble.begins.join(" or ")}`);
  const untrue = (trouble.never ?? []).filter((name) => has([name]));
  if (untrue.length > 0) faults.push(`said ${untrue.join(", ")}`);
  if (trouble.over !== null && !events.some(isOverOf(trouble.over)))
    faults.push(`no ${trouble.over} with bounds`);
  const { says } = trouble;
  if (says !== null && ![...said].some((reason) => says.test(reason)))
    faults.push("health did not say it");
  if (recoveredMs === null) faults.push(await stillWrong(stage, withinMs));
  const rates = heard.frames
    .slice(place, ended)
    .flatMap((frame) =>
      frame.kind === "cycle" ? [frame.wantedDownloadKbps] : [],
    );
  return {
    ...{ events, recoveredMs, faults },
    said: [...said],
    rates: {
      before: first,
      min: Math.min(...rates, first),
      max: Math.max(...rates, first),
      after: lately(heard, 1)[0]?.wantedDownloadKbps ?? NaN,
    },
  };
}

/** An end says how long it lasted. */
const isOverOf =
  (name: string) =>
  ({ frame }: { frame: EventFrame }) =>
    frame.event === name &&
    Object.entries(frame.detail).some(
      ([key, value]) => key.endsWith("_ms") && typeof value === "number",
    );

/** Without its figures, a complaint is the same complaint. */
const plain = (reason: string): string =>
  reason
    .replace(/ for [\d.]+ s/, "")
    .replace(/ [\d.]+ Mbit.s received/, " little received")
    .replace(/; the gateway.*/, "")
    .replaceAll(/\S*\/\S+/g, "...");

/** Waits until rates are right and health is fine; how long that took, ms, or null. */
async function recovered(
  stage: Stage,
  withinMs: number,
  isTold: () => boolean = () => true,
  isRight: (health: Health) => boolean = () => true,
): Promise<number | null> {
  const begun = systemClock.mono();
  for (;;) {
    const tookMs = msSince(begun, systemClock.mono());
    if (isTold() && wrongRates(stage) === null) {
      const health = await askHealth(stage.system.run.wanHealth(WAN));
      if (health?.status === "fine" && isRight(health)) return tookMs;
    }
    if (tookMs > withinMs) return null;
    await pause(250);
  }
}

/** Are all reflectors probed, none still away for what was before? With fping they always are. */
function isWhole({ probing }: Health): boolean {
  const { asks } = probing as { readonly asks?: object };
  return asks === undefined || Object.keys(asks).length === PROBED_MAX;
}

/** Do the downloads flow? After an outage TCP may wait for longer than it lasted. */
function isLoaded({ heard }: Stage): boolean {
  const cycles = lately(heard, 20);
  const kbps = cycles.reduce(
    (sum, one) => sum + (one.loadDownloadKbps ?? 0),
    0,
  );
  return kbps > (cycles.length * LINE_KBPS) / 4;
}

async function stillWrong(stage: Stage, afterMs: number): Promise<string> {
  const health = await askHealth(stage.system.run.wanHealth(WAN));
  const reasons = [
    wrongRates(stage),
    ...(health?.reasons ?? ["no health"]),
    health === null || isWhole(health) ? null : "a reflector is away",
    isLoaded(stage) ? null : "no load flows",
  ].filter((reason) => reason !== null);
  return `after ${afterMs / 1e3} s: ${reasons.join("; ") || "not told"}`;
}

/** Why the rates are not what they should be; null where they are. */
function wrongRates({ heard }: Stage): string | null {
  const cycles = lately(heard, 10);
  const last = cycles.at(-1);
  if (last === undefined) return "no cycle";
  if (cycles.every(({ rttUs }) => rttUs === null)) return "nothing measured";
  if (!(
    last.wantedDownloadKbps > 0.7 * LINE_KBPS &&
    last.wantedDownloadKbps < 1.3 * LINE_KBPS
  ))
    return `download at ${mbps(last.wantedDownloadKbps)} Mbit/s`;
  for (const [direction, wanted] of [
    ["download", last.wantedDownloadKbps],
    ["upload", last.wantedUploadKbps],
  ] as const) {
    const enforced = kernelKbps(direction) ?? NaN;
    if (!(Math.abs(enforced - wanted) < 0.1 * wanted))
      return `${direction}: wanted ${mbps(wanted)}, enforced ${mbps(enforced)} Mbit/s`;
  }
  return null;
}

export const mbps = (kbps: number): string => (kbps / 1e3).toFixed(1);
