import { mkdirSync } from "node:fs";
import { systemClock } from "../../shared/runtime/clock.js";
import type { Account } from "./history.js";
import { openSender, type Sender, sleep, Station } from "./station.js";
import { readRows } from "./temporary.js";
import type { Scene } from "./trouble-scenes.js";

type Close = () => PromiseLike<void> | void;

/** Where a scene plays. */
export interface Stage {
  readonly folder: string;
  readonly at: Station;
  /** A controller that publishes all the while. */
  readonly sender: Sender;
  readonly onEnd: (close: Close) => void;
  /** Ends what the scene has opened. */
  end(): Promise<void>;
}

/** What became of it. */
export interface Outcome {
  readonly log: string;
  /** Events in it, without those of a start and an end. */
  readonly said: readonly string[];
  /** What health said meanwhile. */
  readonly reason: string | null;
  /** From when the cause was gone until all is told and stored. */
  readonly recoveredMs: number;
  readonly settled: boolean;
  readonly sent: Sender["sent"];
  readonly account: Account | null;
  /** The recorder's own events in the history. */
  readonly events: readonly string[];
  readonly figures: Readonly<Record<string, unknown>>;
  /** The most memory the recorder ever took. */
  readonly peakMb: number;
}

const BOOT = "a".repeat(16);
const LIMIT_MS = 200_000;
const ROUTINE = ["started", "stopping", "source_seen", "source_gone"];

async function until<T>(look: () => Promise<T | undefined>): Promise<T | null> {
  const begun = systemClock.mono();
  while (systemClock.mono() - begun < LIMIT_MS) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await sleep(50);
  }
  return null;
}

const saidBy = ({ log }: Station): string[] =>
  [...log.matchAll(/^\S+ \S+ recorder (\S+)/gm)]
    .map(([, event = ""]) => event)
    .filter((event) => !ROUTINE.includes(event));

/** Plays a scene in a folder of its own, with a real recorder and a real publisher. */
export async function play(scene: Scene, folder: string): Promise<Outcome> {
  mkdirSync(folder, { recursive: true });
  using place = scene.place?.(folder) ?? null;
  const at = new Station(folder, undefined, scene.settings, place?.path);
  const closing: Close[] = [];
  const end = async () => {
    for (const close of closing.splice(0)) await close();
  };
  try {
    scene.before?.(at.database, place);
    await at.up();
    await using sender = await openSender("spectrum", BOOT, at.run, {
      everyMs: 50,
    });
    const onEnd = (close: Close) => void closing.push(close);
    const stage = { folder, at, sender, onEnd, end };
    const isRecording = () =>
      until(async () => (await figures(at))?.["committed"] || undefined);
    if (scene.before === undefined) await isRecording();
    await scene.provoke?.(stage, place);
    const { reason: expected } = scene;
    const reason =
      expected &&
      (await until(async () =>
        (await at.health())?.reasons.find((each) => expected.test(each)),
      ));
    // what nobody has looked at is over too soon
    await until(() => Promise.resolve(saidBy(at)[0]));
    await scene.relieve?.(stage, place);
    const begun = systemClock.mono();
    const isTold = () =>
      Promise.resolve(
        scene.events.every((event) => saidBy(at).includes(event)) || undefined,
      );
    await until(isTold);
    await isRecording();
    const settled = await sender.settle(LIMIT_MS);
    const recoveredMs = Math.round(systemClock.mono() - begun);
    const last = (await until(() => figures(at))) ?? {};
    const peakMb = at.peakMb();
    await at.kill("SIGTERM");
    return {
      log: at.log,
      said: saidBy(at),
      reason,
      recoveredMs,
      settled,
      sent: sender.sent,
      account: at.account(BOOT),
      events: readRows(
        at.database,
        "select kind from events where wan_name = 'recorder' and kind <> 'config' order by timestamp_ms",
      ).map(({ kind }) => String(kind)),
      figures: last,
      peakMb,
    };
  } finally {
    await end();
    await at.kill();
  }
}

/** What the recorder says of itself; undefined where it is too busy to answer. */
async function figures(
  at: Station,
): Promise<Record<string, unknown> | undefined> {
  const health = await at.health();
  return health?.["recorder"] as Record<string, unknown> | undefined;
}
