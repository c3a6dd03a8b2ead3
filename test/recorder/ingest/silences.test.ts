import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import {
  FORGOTTEN_MS,
  openSilences,
  SILENT_MS,
} from "../../../recorder/ingest/silences.js";
import { openJournal } from "../../../recorder/journal.js";
import { openLastingStore } from "../../../recorder/store/lasting-store.js";
import type { Frame, Message } from "../../../shared/contract/frame.js";
import { BOOT, cycle, stamped } from "../../fakes/frames.js";
import { handClock } from "../../fakes/hand-clock.js";
import { collectedLog } from "../collected-log.js";
import { readRows, temporaryFolder } from "../temporary.js";

const STOPPING = { kind: "event", event: "stopping", detail: {} } as const;
const OTHER = "e".repeat(16);

describe("Silences: a controller that is killed leaves a trace", () => {
  const folder = temporaryFolder();

  /** A recorder's watch, and what it has noted. */
  function station(clock = handClock()) {
    const noted: (readonly [string, Readonly<Record<string, unknown>>])[] = [];
    const note = (event: string, detail: object) =>
      void noted.push([event, { ...detail }]);
    const silences = openSilences([], { note }, clock);
    let seq = 0;
    return {
      ...{ clock, noted, silences },
      events: () => noted.map(([event]) => event),
      hear: (message: Message = cycle(), header: Partial<Frame> = {}) =>
        silences.heard(
          stamped(message, ++seq, { at: clock.wall(), ...header }),
          true,
          true,
        ),
      wait: (ms: number) => {
        for (let left = ms; left > 0; left -= 1_000) {
          clock.advance(Math.min(left, 1_000));
          silences.look();
        }
      },
    };
  }

  it("tells once that it is silent, with its last frame, and once that it is back", () => {
    const { clock, hear, wait, noted, silences } = station();
    hear();
    const last_at_ms = clock.wall();
    wait(SILENT_MS - 1_000);
    expect(noted).to.deep.equal([]);
    wait(3_600_000);
    const run = { wan: "spectrum", boot: BOOT };
    expect(noted).to.deep.equal([
      ["controller_silent", { ...run, last_seq: 1, last_at_ms }],
    ]);
    expect(silences.all()).to.have.length(1);
    hear(cycle(), { boot: OTHER });
    wait(1_000);
    expect(silences.all()).to.deep.equal([]);
    expect(noted[1]?.[0]).to.equal("controller_back");
    expect(noted[1]?.[1]).to.include({ boot: OTHER });
  });

  it("says nothing of one that has said that it stops, whatever comes after its last word", () => {
    const { hear, wait, noted } = station();
    hear();
    hear(STOPPING);
    hear();
    wait(3_600_000);
    expect(noted).to.deep.equal([]);
  });

  it("says nothing after it stood still itself", () => {
    const { clock, hear, silences, noted } = station();
    hear();
    clock.advance(3_600_000);
    silences.look();
    hear();
    clock.advance(1_000);
    silences.look();
    expect(noted).to.deep.equal([]);
  });

  it("forgets one that does not come back, and is not made to watch any number", () => {
    const { hear, wait, silences, clock } = station();
    for (let i = 0; i < 1_000; i++) hear(cycle(), { source: `w${i}` });
    expect(silences.unwatched).to.equal(968);
    wait(SILENT_MS);
    expect(silences.all()).to.have.length(32);
    for (let left = FORGOTTEN_MS; left > 0; left -= 1_000_000) {
      clock.advance(1_000_000);
      silences.look();
    }
    expect(silences.all()).to.deep.equal([]);
  });

  it("tells silent and back in turn, whatever comes when", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            afterMs: fc.integer({ min: 0, max: 40_000 }),
            boot: fc.constantFrom(BOOT, OTHER),
            stops: fc.boolean(),
          }),
          { maxLength: 12 },
        ),
        (steps) => {
          const { hear, wait, events } = station();
          for (const { afterMs, boot, stops } of steps) {
            wait(afterMs);
            hear(stops ? STOPPING : cycle(), { boot });
          }
          wait(60_000);
          events().forEach((event, i) =>
            expect(event).to.equal(
              i % 2 === 0 ? "controller_silent" : "controller_back",
            ),
          );
        },
      ),
    );
  });

  it("goes on after a restart of the recorder: waits for those that had not stopped, and tells nothing twice", async () => {
    const clock = handClock();
    const path = join(folder.path, "metrics.db");
    const from = (source: string, seq: number, message: Message = cycle()) =>
      stamped(message, seq, { source, at: clock.wall() });
    async function live(frames: readonly Frame[]): Promise<void> {
      await using store = openLastingStore(path, clock);
      const journal = openJournal(store, clock, collectedLog());
      const before = store.unfinished(clock.wall() - FORGOTTEN_MS) ?? [];
      const silences = openSilences(before, journal, clock);
      store.commit(frames);
      for (const frame of frames) silences.heard(frame, true, true);
      for (let i = 0; i < 20; i++) {
        clock.advance(1_000);
        silences.look();
        journal.flush();
      }
    }
    const told = async () => {
      await using store = openLastingStore(path, clock);
      return store
        .unfinished(0)
        ?.map(({ wan, wasTold }) => [wan, wasTold] as const);
    };
    // within the last seconds of the first recorder: one dies, one stops
    {
      await using store = openLastingStore(path, clock);
      store.commit([from("dies", 1), from("stops", 1)]);
      store.commit([from("stops", 2, STOPPING)]);
    }
    expect(await told()).to.deep.equal([["dies", false]]);
    clock.advance(60_000);
    await live([]);
    expect(await told()).to.deep.equal([["dies", true]]);
    clock.advance(60_000);
    await live([]);
    await live([from("dies", 2)]);
    expect(
      readRows(
        path,
        "select kind, details from events where wan_name = 'recorder' order by timestamp_ms",
      ).map(({ kind, details }) => [
        kind,
        (JSON.parse(String(details)) as { wan: string }).wan,
      ]),
    ).to.deep.equal([
      ["controller_silent", "dies"],
      ["controller_back", "dies"],
      ["controller_silent", "dies"],
    ]);
  });
});
