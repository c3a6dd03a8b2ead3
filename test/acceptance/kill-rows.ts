import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FaultPoint } from "../../recorder/fault.js";
import { scaledClock } from "../fakes/scaled-clock.js";
import type { Account } from "../recorder/history.js";
import {
  amiss,
  openSender,
  type Sender,
  sleep,
  Station,
} from "../recorder/station.js";

/**
 * The rows of test/acceptance/kills.ts.
 *
 * Time is scaled: senders publish 200 frames a second, and their clocks (stamps, age in the ring, hellos) run ten times
 * as fast as real time, so that 30 minutes of a ring are over after 3. The recorder's own clock is the real one: it
 * commits once a second, and a run is gone after 6 s instead of 60.
 */
export const SPEED = 10;
export const EVERY_MS = 5;
const GONE_MS = 60_000 / SPEED;
export const REPLAY = { minutes: 30, megabytes: 16 };
const SPAN_MS = 15 * 60_000;
const SETTLE_MS = 60_000;
const KILLS = 100;

/** Frames that PUB keeps for a recorder that is away. */
export const QUEUES = { "as configured": 200, "1 frame": 1 } as const;

const POINTS: readonly FaultPoint[] = [
  "frame-received",
  "row-bound",
  "before-commit",
  "after-commit",
  "state-sent",
  "mid-resend",
];

export interface Result {
  readonly kills: number;
  readonly sent: number;
  readonly stored: number;
  readonly lost: number;
  readonly doubled: number;
  /** Of these, frames that the ring still held when the recorder was back: they left it before they were asked for. */
  readonly late: number;
  /** How many gaps of known length there are. */
  readonly gaps: number;
  readonly boundsOk: boolean;
}

type Open = (boot: string) => Promise<Sender>;
const [FIRST, SECOND] = ["a".repeat(16), "b".repeat(16)] as const;

const minutes = (count: number) => (count * 60_000) / SPEED;
const times = (count: number) => Math.ceil(Math.random() * count);

/** Who sent, and the oldest frame that the last of them still held when the recorder was back. */
interface Played {
  readonly senders: readonly Sender[];
  readonly heldFrom: number;
}

/** How a row goes; the last sender is waited for. */
export const ROWS: Readonly<
  Record<string, (at: Station, open: Open) => Promise<Played>>
> = {
  async killed(at, open) {
    const sender = await open(FIRST);
    while (at.kills < KILLS) {
      const point = POINTS[at.kills % (POINTS.length + 1)];
      // mid-resend comes by often, a commit once a second
      const most = point?.includes("commit") || point === "state-sent" ? 2 : 90;
      at.start(point && `${point}:${times(most)}`);
      if (point !== undefined) await at.fallen();
      else {
        await sleep(200 + 800 * Math.random());
        await at.kill();
      }
    }
    await at.up();
    return { senders: [sender], heldFrom: 1 };
  },
  "away-5": away(5),
  "away-29": away(29),
  "away-35": away(35),
  "controller-restarts": restart(false),
  "both-restart": restart(true),
};

function away(count: number): (typeof ROWS)[string] {
  return async (at, open) => {
    await at.up();
    const sender = await open(FIRST);
    await sleep(2_500);
    await at.kill();
    await sleep(minutes(count));
    await at.up();
    const heldFrom = sender.held()?.first ?? 1;
    await sleep(3_000);
    return { senders: [sender], heldFrom };
  };
}

/** @param again the recorder is killed in the middle of catching up, too */
function restart(again: boolean): (typeof ROWS)[string] {
  return async (at, open) => {
    await at.up();
    const old = await open(FIRST);
    await sleep(2_500);
    await at.kill();
    await sleep(minutes(1));
    await old[Symbol.asyncDispose]();
    await sleep(500);
    const next = await open(SECOND);
    await sleep(minutes(1));
    if (again) {
      at.start("mid-resend:100");
      await at.fallen();
    }
    await at.up();
    await sleep(GONE_MS + 3_000);
    return { senders: [old, next], heldFrom: 1 };
  };
}

/** @param row of ROWS @param queue of QUEUES */
export async function play(
  row: string,
  queue: keyof typeof QUEUES,
): Promise<Result> {
  const playRow = ROWS[row];
  if (playRow === undefined)
    throw new Error(
      `Cannot play row '${row}': must be one of ${Object.keys(ROWS).join(", ")}`,
    );
  const folder = mkdtempSync(join(tmpdir(), "wanctl-"));
  const at = new Station(folder, GONE_MS);
  const clock = scaledClock(SPEED, SPAN_MS);
  try {
    const { senders, heldFrom } = await playRow(at, (boot) =>
      openSender("spectrum", boot, at.run, {
        everyMs: EVERY_MS,
        highWaterMark: QUEUES[queue],
        replay: REPLAY,
        clock,
      }),
    );
    await senders.at(-1)?.settle(SETTLE_MS);
    await sleep(1_500);
    await at.kill("SIGTERM");
    const runs = senders.map(({ boot, sent }) => ({
      sent,
      account: at.account(boot),
    }));
    for (const sender of senders) await sender[Symbol.asyncDispose]();
    const results = runs.map((run, i) => resultOf(run, runs[i + 1], heldFrom));
    return sum(results, at.kills);
  } finally {
    await at.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a run sent, and what became of it. */
interface Run {
  readonly sent: Sender["sent"];
  readonly account: Account | null;
}

/** @param next the run that followed it, if one did */
function resultOf(
  { sent, account }: Run,
  next: Run | undefined,
  heldFrom: number,
): Omit<Result, "kills"> {
  const stored = sent.size - amiss(account, sent);
  const lost = account?.lost ?? [];
  return {
    sent: sent.size,
    stored,
    lost: sent.size - stored,
    doubled: account?.doubled ?? 0,
    late: next === undefined ? lost.filter((seq) => seq >= heldFrom).length : 0,
    gaps: new Set(lost.map((seq) => account?.bounds(seq).join())).size,
    boundsOk: account !== null && areBoundsRight(account, sent, next?.sent),
  };
}

/** Every lost frame lies in a gap that reaches from the stored frame before it to the stored frame after it. */
function areBoundsRight(
  account: Account,
  sent: Sender["sent"],
  next: Sender["sent"] | undefined,
): boolean {
  const { stored, missing, lost, refused, lastSeq, tail } = account;
  if (missing.length + refused.length > 0) return false;
  const bounds = boundsOf(lost, sent);
  const gapsOk = lost.every((seq, i) => {
    const [from, to] = account.bounds(seq);
    const right = bounds[i];
    return from === right?.[0] && to === right[1];
  });
  const tailOk =
    next === undefined
      ? tail === null && lastSeq === sent.size
      : tail !== null &&
        tail[0] === sent.get(lastSeq)?.at &&
        tail[1] === next.get(1)?.at;
  return gapsOk && tailOk && stored.size + lost.length === lastSeq;
}

/** For each lost frame, when the nearest frames around it were sent that are not lost. */
function boundsOf(
  lost: readonly number[],
  sent: Sender["sent"],
): readonly (readonly [number | null, number | null])[] {
  const at = (seq: number) => sent.get(seq)?.at ?? null;
  const before = new Map<number, number>();
  for (const seq of lost) before.set(seq, before.get(seq - 1) ?? seq - 1);
  const after = new Map<number, number>();
  for (const seq of [...lost].reverse())
    after.set(seq, after.get(seq + 1) ?? seq + 1);
  return lost.map((seq) => [
    at(before.get(seq) ?? NaN),
    at(after.get(seq) ?? NaN),
  ]);
}

function sum(results: readonly Omit<Result, "kills">[], kills: number): Result {
  const total = (
    of: "sent" | "stored" | "lost" | "doubled" | "late" | "gaps",
  ) => results.reduce((all, result) => all + result[of], 0);
  return {
    kills,
    sent: total("sent"),
    stored: total("stored"),
    lost: total("lost"),
    doubled: total("doubled"),
    late: total("late"),
    gaps: total("gaps"),
    boundsOk: results.every(({ boundsOk }) => boundsOk),
  };
}
