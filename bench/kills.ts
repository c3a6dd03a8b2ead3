import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FaultPoint } from "../recorder/fault.js";
import type { Account } from "../test/recorder/history.js";
import {
  amiss,
  openSender,
  sleep,
  Station,
  type Sender,
} from "../test/recorder/station.js";
import { scaledClock } from "./scaled-clock.js";

/**
 * What is lost of what is published, while recorder and controllers are killed, away and restarted (INTG-04).
 * `node dist/bench/kills.js [ROW...]`, without an argument all rows.
 *
 * Time is scaled: senders publish 200 frames a second, and their clocks (stamps, age in the ring, hellos) run ten times
 * as fast as real time, so that 30 minutes of a ring are over after 3. The recorder's own clock is the real one: it
 * commits once a second, and a run is gone after 6 s instead of 60.
 */
const SPEED = 10;
const EVERY_MS = 5;
const GONE_MS = 60_000 / SPEED;
const REPLAY = { minutes: 30, megabytes: 16 };
const SPAN_MS = 15 * 60_000;
const SETTLE_MS = 60_000;
const KILLS = 100;

const QUEUES = { "as configured": 200, "1 frame": 1 } as const;

const POINTS: readonly FaultPoint[] = [
  "frame-received",
  "row-bound",
  "before-commit",
  "after-commit",
  "state-sent",
  "mid-resend",
];

interface Result {
  readonly kills: number;
  readonly sent: number;
  readonly stored: number;
  readonly lost: number;
  readonly doubled: number;
  readonly boundsOk: boolean;
}

type Open = (boot: string) => Promise<Sender>;
const [FIRST, SECOND] = ["a".repeat(16), "b".repeat(16)] as const;

const minutes = (count: number) => (count * 60_000) / SPEED;
const times = (count: number) => Math.ceil(Math.random() * count);

/** How a row goes; the senders it ends with are waited for. */
const ROWS: Readonly<
  Record<string, (at: Station, open: Open) => Promise<Sender[]>>
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
    return [sender];
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
    await sleep(3_000);
    return [sender];
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
    return [old, next];
  };
}

async function play(
  row: (typeof ROWS)[string],
  highWaterMark: number,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-"));
  const at = new Station(folder, GONE_MS);
  const clock = scaledClock(SPEED, SPAN_MS);
  try {
    const senders = await row(at, (boot) =>
      openSender("spectrum", boot, at.run, {
        everyMs: EVERY_MS,
        highWaterMark,
        replay: REPLAY,
        clock,
      }),
    );
    await senders.at(-1)?.settle(SETTLE_MS);
    await sleep(1_500);
    await at.kill("SIGTERM");
    const results = senders.map((sender, i) =>
      resultOf(sender, senders[i + 1], at),
    );
    for (const sender of senders) await sender[Symbol.asyncDispose]();
    return sum(results, at.kills);
  } finally {
    await at.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param next the run that followed it, if one did */
function resultOf(
  { boot, sent }: Sender,
  next: Sender | undefined,
  at: Station,
): Omit<Result, "kills"> {
  const account = at.account(boot);
  const stored = sent.size - amiss(account, sent);
  return {
    sent: sent.size,
    stored,
    lost: sent.size - stored,
    doubled: account?.doubled ?? 0,
    boundsOk: account !== null && areBoundsRight(account, sent, next),
  };
}

/** Every lost frame lies in a gap that reaches from the stored frame before it to the stored frame after it. */
function areBoundsRight(
  account: Account,
  sent: Sender["sent"],
  next: Sender | undefined,
): boolean {
  const { stored, missing, lost, refused, lastSeq, tail } = account;
  if (missing.length + refused.length > 0) return false;
  const nearest = (seq: number, step: 1 | -1) => {
    while (sent.has(seq) && !stored.has(seq)) seq += step;
    return sent.get(seq)?.at ?? null;
  };
  const gapsOk = lost.every((seq) => {
    const [from, to] = account.bounds(seq);
    return from === nearest(seq, -1) && to === nearest(seq, 1);
  });
  const tailOk =
    next === undefined
      ? tail === null && lastSeq === sent.size
      : tail !== null &&
        tail[0] === sent.get(lastSeq)?.at &&
        tail[1] === next.sent.get(1)?.at;
  return gapsOk && tailOk;
}

function sum(results: readonly Omit<Result, "kills">[], kills: number): Result {
  const total = (of: "sent" | "stored" | "lost" | "doubled") =>
    results.reduce((all, result) => all + result[of], 0);
  return {
    kills,
    sent: total("sent"),
    stored: total("stored"),
    lost: total("lost"),
    doubled: total("doubled"),
    boundsOk: results.every(({ boundsOk }) => boundsOk),
  };
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !Object.hasOwn(ROWS, name));
if (unknown.length > 0)
  throw new Error(
    `Cannot run row '${unknown.join(", ")}': must be one of ${Object.keys(ROWS).join(", ")}`,
  );

const print = (...cells: readonly (string | number)[]) =>
  console.log(`| ${cells.join(" | ")} |`);

console.log(
  `Frames at ${1_000 / EVERY_MS} a second; senders' clocks ${SPEED} times real time, minutes are theirs; ring ${REPLAY.minutes} min, ${REPLAY.megabytes} MB\n`,
);
print(
  "row",
  "PUB queue",
  "kills",
  "sent",
  "stored",
  "lost",
  "doubled",
  "gap bounds ok",
);
print(...Array<string>(8).fill("---"));
for (const [name, row] of Object.entries(ROWS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  for (const [queue, highWaterMark] of Object.entries(QUEUES)) {
    const result = await play(row, highWaterMark);
    const { kills, sent, stored, lost, doubled, boundsOk } = result;
    print(
      name,
      queue,
      kills,
      sent,
      stored,
      lost,
      doubled,
      boundsOk ? "yes" : "NO",
    );
  }
}
