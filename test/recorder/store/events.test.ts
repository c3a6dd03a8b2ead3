import { join } from "node:path";
import { expect } from "chai";
import { EVENTS_SQL } from "../../../recorder/store/events.js";
import { openStore } from "../../../recorder/store/store.js";
import type { WallMs } from "../../../shared/runtime/clock.js";
import { NOON_MS } from "../../fakes/frames.js";
import { readRows, temporaryFolder } from "../temporary.js";

const PLACE = { atMs: NOON_MS, source: 1, seq: 1, fromSeq: 1 };

describe("openAnnals()", () => {
  const folder = temporaryFolder();
  const planOf = async (sql: string) => {
    const path = join(folder.path, "m.db");
    const store = openStore(path, NOON_MS as WallMs);
    await store[Symbol.asyncDispose]();
    return readRows(path, `explain query plan ${sql}`, {
      ...PLACE,
      fromMs: 0,
    }).map(({ detail }) => String(detail));
  };

  for (const [name, sql] of Object.entries(EVENTS_SQL))
    it(`reads ${name} by key, from the place where it left off, and no more (STOR-06)`, async () => {
      const plan = await planOf(sql);
      expect(plan.join("\n")).not.to.match(/SCAN|FOR ORDER BY/);
    });

  it("reads events from both ends of the span by their key, time first", async () =>
    expect((await planOf(EVENTS_SQL.events)).join("\n")).to.match(
      /e USING PRIMARY KEY \(at_ms>\? AND \(at_ms,source,seq\)<\(\?,\?,\?\)\)|e USING PRIMARY KEY \(at_ms>\?/,
    ));

  it("reads events that are no transitions by an index of their own", async () =>
    expect((await planOf(EVENTS_SQL.rareEvents)).join("\n")).to.match(
      /e USING (COVERING )?INDEX event_rare/,
    ));

  it("goes on in gaps by their key", async () =>
    expect((await planOf(EVENTS_SQL.gaps)).join("\n")).to.include(
      "(source,from_seq)<(?,?)",
    ));
});
