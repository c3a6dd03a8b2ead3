import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import {
  deleteSpool,
  writeSpool,
  readSpool,
  type Spool,
  ringFromSpool,
} from "../../../shared/bus/spool.js";
import { temporary } from "../../cli/bin.js";

const MEGABYTE = 2 ** 20;

const RUNS: fc.Arbitrary<Spool[]> = fc.uniqueArray(
  fc.record({
    boot: fc.stringMatching(/^[0-9a-f]{16}$/),
    first: fc.integer({ min: 1, max: 1e9 }),
    frames: fc.array(
      fc
        .integer({ min: 1, max: MEGABYTE / 4 })
        .chain((length) =>
          fc.nat(255).map((byte) => Buffer.alloc(length, byte)),
        ),
      { minLength: 1, maxLength: 6 },
    ),
  }),
  { selector: ({ boot }) => boot, maxLength: 8 },
);

const bytesOf = (runs: readonly Spool[]): number =>
  runs.flatMap(({ frames }) => frames).reduce((sum, f) => sum + f.length, 0);

describe("what a run leaves to the next (INTG-04)", () => {
  const folder = temporary();
  const file = join(folder.path, "att.frames");
  after(() => folder[Symbol.dispose]());

  it("is what is read, the newest of it where not all fits", () =>
    fc.assert(
      fc.asyncProperty(RUNS, async (runs) => {
        await deleteSpool(file);
        await writeSpool(file, "att", runs, 1);
        const read = readSpool(file, "att");
        expect(bytesOf(read)).to.be.at.most(MEGABYTE);
        if (bytesOf(runs) <= MEGABYTE) expect(read).to.deep.equal(runs);
        for (const [i, { boot, first, frames }] of read.entries()) {
          const was = runs[i]!;
          expect(boot).to.equal(was.boot);
          expect(first - was.first).to.equal(was.frames.length - frames.length);
          expect(frames).to.deep.equal(was.frames.slice(first - was.first));
        }
      }),
      { numRuns: 20 },
    ));

  it("is nothing of another source, of a file cut short, or of any other bytes", async () => {
    const runs = [
      { boot: "0".repeat(16), first: 7, frames: [Buffer.alloc(9)] },
    ];
    await writeSpool(file, "att", runs, 1);
    const bytes = readFileSync(file);
    expect(readSpool(file, "spectrum")).to.deep.equal([]);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.nat(bytes.length - 1).map((length) => bytes.subarray(0, length)),
          fc.uint8Array({ maxLength: 50 }),
        ),
        (spoilt) => {
          writeFileSync(file, spoilt);
          expect(readSpool(file, "att")).to.deep.equal([]);
        },
      ),
    );
  });

  it("is no file where there is nothing, and none when it is dropped", async () => {
    await deleteSpool(file);
    await writeSpool(file, "att", [], 1);
    expect(existsSync(file)).to.equal(false);
    expect(readSpool(file, "att")).to.deep.equal([]);
    await deleteSpool(file);
  });

  it("is offered as a ring", () => {
    const frames = [1, 2, 3].map((byte) => Buffer.of(byte));
    const ring = ringFromSpool({ boot: "", first: 10, frames });
    expect(ring.held()).to.deep.equal({ first: 10, last: 12 });
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), (from, to) => {
        const seqs = [10, 11, 12].filter((seq) => from <= seq && seq <= to);
        expect(ring.slice(from, to)).to.deep.equal(
          seqs.map((seq) => frames[seq - 10]),
        );
      }),
    );
  });
});
