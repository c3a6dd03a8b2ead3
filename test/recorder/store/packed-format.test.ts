import { expect } from "chai";
import fc from "fast-check";
import { Database } from "../../../recorder/store/connection.js";
import { openCycles } from "../../../recorder/store/cycles/cycles.js";
import { migrate } from "../../../recorder/store/migrations.js";
import { remakeViews } from "../../../recorder/store/views.js";
import type { CycleFrame } from "../../../shared/contract/frame.js";
import { column, ROW_FIELDS } from "../../../shared/contract/row.js";
import type { WallMs } from "../../../shared/runtime/clock.js";
import { cycle, NOON_MS, stamped } from "../../fakes/frames.js";
import { anyRow } from "../../fakes/rows.js";

/** Another program that knows docs/internals/database.md, and nothing of the source. */
type Columns = Readonly<Record<string, unknown>>;

function valueOf(scale: unknown, codes: Buffer, begin: number): number | null {
  if (typeof scale !== "string") return scale as number | null;
  const [p = 0, w = 0, n = 0, u = 0, h = 0, l = 0] = Array.from(scale, (c) =>
    c.charCodeAt(0),
  );
  let code = 0;
  for (let bit = p - 1; bit < p - 1 + w; bit++) {
    const byte = codes[begin + Math.floor(bit / 8)]!;
    code = 2 * code + ((byte >> (7 - (bit % 8))) & 1);
  }
  return n === 2 && code === 0 ? null : u * (2 ** 15 * h + l - 65_537 + code);
}

const RELATIVE: Readonly<Record<string, readonly string[]>> = {
  load_rtt_us: ["baseline_us", "delta_us"],
  enforced_download_kbps: ["wanted_download_kbps"],
  enforced_upload_kbps: ["wanted_upload_kbps"],
};

function cyclesOf(row: Columns, names: readonly string[]): Columns[] {
  const { slot, bytes, codes } = row as {
    slot: number;
    bytes: number;
    codes: Buffer;
  };
  return Array.from(row["at"] as string, (character, place) => {
    const inSlot = character.charCodeAt(0) - 1;
    const of = (name: string) => valueOf(row[name], codes, place * bytes);
    const values = names.map((name): [string, number | null] => {
      const own = of(name);
      if (own === null) return [name, null];
      if (name === "seq") return [name, own + Math.floor(inSlot / 50)];
      const others = RELATIVE[name] ?? [];
      return [name, others.reduce((sum, other) => sum + (of(other) ?? 0), own)];
    });
    return {
      at_ms: slot * 2_000 + inSlot,
      ...Object.fromEntries<number | null>(values),
    };
  });
}

describe("packed cycles", () => {
  it("can be read by a program that follows docs/internals/database.md (STOR-06)", () => {
    const names = ["source", "seq", ...ROW_FIELDS.map(column)];
    fc.assert(
      fc.property(
        fc.array(anyRow(300), { minLength: 1, maxLength: 60 }),
        fc.nat(1_999),
        (rows, offset) => {
          const db = new Database(":memory:");
          migrate(db, NOON_MS as WallMs);
          remakeViews(db);
          db.exec("insert into wan values (1, 'cable')");
          const cycles = openCycles(db);
          const frames = rows.map(
            (row, i) =>
              stamped(cycle(row), 1_000 + i, {
                at: NOON_MS + offset + 50 * i,
              }) as CycleFrame,
          );
          const run = { wan: 1, source: 7 };
          cycles.insert(frames.map((frame) => ({ run, frame })));
          const decoded = db
            .prepare<[], Columns>("select * from cycle_slot order by slot")
            .all()
            .flatMap((row) => cyclesOf(row, names));
          const plain = db
            .prepare("select count(*) from cycle_plain")
            .pluck()
            .get();
          expect(plain).to.equal(0);
          expect(decoded).to.deep.equal(
            frames.map((frame) => ({
              at_ms: frame.at,
              ...{ source: 7, seq: frame.seq },
              ...Object.fromEntries(
                ROW_FIELDS.map((name) => [column(name), frame[name]]),
              ),
            })),
          );
          db.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});
