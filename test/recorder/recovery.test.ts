import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openRandom } from "../../controller/simulation/random.js";
import type { Spool } from "../../shared/bus/spool.js";
import { until } from "../fakes/until.js";
import { amiss, openSender, type Sender, sleep, Station } from "./station.js";

const A = "a".repeat(16);
const B = "b".repeat(16);
const EVERY_MS = 10;
/** Longer than a starved process may be silent, where nobody goes; where somebody does, this is what the test waits for. */
const GONE_MS = { nobody: 60_000, killed: 8_000 };
const SETTLE_MS = 200_000;

/** So often the recorder is killed, at any time: while it starts, catches up, records. */
const KILLS = 21;
const LIFE_MS = [300, 2_000] as const;
const SEED = 20_261_121;

// Each scene takes seconds of doing nothing, so they are played at once; then each test looks at one.
describe("a recorder that is killed, away and back", () => {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-"));
  const random = openRandom(SEED, "kills");
  const senders: Sender[] = [];
  const stations: Station[] = [];
  const station = (name: string, goes: keyof typeof GONE_MS = "nobody") => {
    const opened = new Station(join(folder, name), GONE_MS[goes]);
    stations.push(opened);
    return opened;
  };
  const sender = async (
    wan: string,
    boot: string,
    at: Station,
    highWaterMark = 200,
    spools: readonly Spool[] = [],
  ) => {
    const opened = await openSender(wan, boot, at.run, {
      everyMs: EVERY_MS,
      ...{ highWaterMark, spools },
    });
    senders.push(opened);
    return opened;
  };

  /** Killed over and over while two controllers publish. */
  async function killed(kills: number, at: Station) {
    const both = [
      await sender("spectrum", A, at),
      await sender("att", B, at, 1),
    ];
    for (let i = 0; i < kills; i++) {
      at.start();
      await sleep(random.between(...LIFE_MS));
      await at.kill();
    }
    at.start();
    const settled = await Promise.all(
      both.map((each) => each.settle(SETTLE_MS)),
    );
    await at.kill("SIGTERM");
    return { at, both, settled };
  }

  /** Away for 3 s: one queue as it is, the other of a single frame. */
  async function away(at: Station) {
    await at.up();
    const both = [
      await sender("spectrum", A, at),
      await sender("att", B, at, 1),
    ];
    await sleep(1_300);
    await at.kill();
    await sleep(3_000);
    await at.up();
    const settled = await Promise.all(
      both.map((each) => each.settle(SETTLE_MS)),
    );
    await at.kill("SIGTERM");
    return { at, both, settled };
  }

  /**
   * The controller restarts while the recorder is away; `again`: the recorder is killed once more on its return. `killed`:
   * the controller could leave nothing to its next run.
   */
  async function restarted(at: Station, again: boolean, isKilled: boolean) {
    await at.up();
    const old = await sender("spectrum", A, at);
    await sleep(1_500);
    await at.kill();
    await sleep(500);
    const spools = isKilled ? [] : old.replayer.spools();
    await old[Symbol.asyncDispose]();
    await sleep(200);
    const next = await sender("spectrum", B, at, 200, spools);
    await sleep(500);
    if (again) {
      at.start("mid-resend:5");
      expect(await at.fallen()).to.equal(true);
    }
    at.start();
    if (isKilled) await until(() => at.account(old.boot)?.tail);
    const settled = [await next.settle(SETTLE_MS)];
    await at.kill("SIGTERM");
    return { at, old, next, settled };
  }

  type Scene<T> = T extends (...args: never[]) => Promise<infer R> ? R : never;
  let kills: Scene<typeof killed>[];
  let absence: Scene<typeof away>;
  let restarts: Scene<typeof restarted>[];
  before(async function () {
    [kills, absence, restarts] = await Promise.all([
      Promise.all([
        killed(KILLS / 3, station("k1")),
        killed(KILLS / 3, station("k2")),
        killed(KILLS / 3, station("k3")),
      ]),
      away(station("away")),
      Promise.all([
        restarted(station("r1", "killed"), false, true),
        restarted(station("r2", "killed"), true, true),
        restarted(station("r3"), false, false),
        restarted(station("r4"), true, false),
      ]),
    ]);
  });
  after(async () => {
    for (const each of senders) await each[Symbol.asyncDispose]();
    for (const each of stations) await each.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const whole = ({ boot, sent }: Sender, at: Station) => {
    const account = at.account(boot)!;
    expect(account.stored.size).to.equal(sent.size);
    expect(amiss(account, sent)).to.equal(0);
    expect(account.doubled).to.equal(0);
    expect([...account.missing, ...account.lost, ...account.refused]).to.be
      .empty;
    expect(account.tail).to.equal(null);
  };

  it(`has every frame once after ${KILLS} SIGKILLs at any time (INTG-04)`, () => {
    for (const { at, both, settled } of kills) {
      expect(settled).to.deep.equal([true, true]);
      for (const each of both) whole(each, at);
    }
    const count = kills.reduce((sum, { at }) => sum + at.kills, 0);
    expect(count).to.equal(KILLS);
  });

  for (const [queue, index] of [
    ["the queue as it is", 0],
    ["a queue of one frame", 1],
  ] as const)
    it(`has every frame once after 3 s away, with ${queue} (INTG-04)`, () => {
      const { at, both, settled } = absence;
      expect(settled[index]).to.equal(true);
      whole(both[index]!, at);
      const [asItIs, ofOne] = both.map(
        ({ replayer }) => replayer.counts.resent,
      );
      expect(ofOne).to.be.above(asItIs!);
    });

  for (const [what, index] of [
    ["while it is away", 0],
    ["while it is away, and it is killed on its return", 1],
  ] as const)
    it(`knows from when to when frames are lost of a controller that is killed ${what} (INTG-04)`, () => {
      const { at, old, next, settled } = restarts[index]!;
      expect(settled).to.deep.equal([true]);
      whole(next, at);
      const account = at.account(old.boot)!;
      expect(account.missing).to.be.empty;
      expect(account.stored.size + account.lost.length).to.equal(
        account.lastSeq,
      );
      expect(account.lastSeq).to.be.below(old.sent.size);
      expect(account.tail).to.deep.equal([
        old.sent.get(account.lastSeq)!.at,
        next.sent.get(1)!.at,
      ]);
    });

  for (const [what, index] of [
    ["while it is away", 2],
    ["while it is away, and it is killed on its return", 3],
  ] as const)
    it(`has every frame once of a controller that restarts ${what}, from the next run (INTG-04)`, () => {
      const { at, old, next, settled } = restarts[index]!;
      expect(settled).to.deep.equal([true]);
      for (const each of [old, next]) whole(each, at);
      expect(next.replayer.counts.resent).to.be.above(0);
      expect(next.replayer.spools()).to.deep.equal([]);
    });
});
