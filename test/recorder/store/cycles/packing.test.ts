import { expect } from "chai";
import fc from "fast-check";
import { Database } from "../../../../recorder/store/connection.js";
import {
  ALPHABET_SQL,
  pack,
  unpacker,
  type Value,
  valueSql,
} from "../../../../recorder/store/cycles/packing.js";

/** Columns as they come: alike, near each other, multiples of something, with nulls, far apart. */
const columnOf = (rows: number): fc.Arbitrary<Value[]> => {
  const far = 2 ** 40;
  const column = (value: fc.Arbitrary<Value>) =>
    fc.array(value, { minLength: rows, maxLength: rows });
  const near = fc
    .tuple(
      fc.integer({ min: -30_000, max: far }),
      fc.nat(5_000),
      fc.constantFrom(1, 7, 100, 50_000),
    )
    .chain(([base, spread, unit]) =>
      column(
        fc
          .nat(spread)
          .map((offset) => (Math.trunc(base / unit) + offset) * unit),
      ),
    );
  const any = fc.integer({ min: -far, max: far });
  return fc.oneof(
    { weight: 2, arbitrary: any.chain((value) => column(fc.constant(value))) },
    { weight: 4, arbitrary: near },
    {
      weight: 3,
      arbitrary: near.chain((values) =>
        column(fc.constantFrom(null, ...values)),
      ),
    },
    { weight: 1, arbitrary: column(fc.option(any)) },
    { weight: 1, arbitrary: column(fc.constant(null)) },
  );
};

const table = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .chain(([rows, columns]) =>
    fc
      .array(columnOf(rows), { minLength: columns, maxLength: columns })
      .map((all) =>
        Array.from({ length: rows }, (_, row) =>
          all.map((column) => column[row] ?? null),
        ),
      ),
  );

describe("pack()", () => {
  const db = new Database(":memory:");
  after(() => void db.close());

  /** What plain SQL makes of a packed table. */
  function asRead(
    columns: number,
    { scales, codes, bytesEach }: NonNullable<ReturnType<typeof pack>>,
    rows: number,
  ) {
    const where = { codes: "codes", begin: "begin", alphabet: ALPHABET_SQL };
    const names = Array.from({ length: columns }, (_, i) => `s${i}`);
    const values = names.map((name) => valueSql(name, where));
    const read = db
      .prepare(
        `select ${values.join(", ")} from (select ${[...names, "codes", "begin"].map((name) => `? as ${name}`).join(", ")})`,
      )
      .raw();
    const bound = scales.map((scale) =>
      typeof scale === "number" ? BigInt(scale) : scale,
    );
    return Array.from({ length: rows }, (_, row) =>
      read.get(...bound, codes, BigInt(row * bytesEach)),
    );
  }

  it("gives back every number and null, here and in SQL, or says that they do not fit", () => {
    let packed = 0;
    fc.assert(
      fc.property(table, (rows) => {
        const result = pack(rows);
        if (result === null) return;
        packed++;
        const { scales, codes, bytesEach } = result;
        const unpack = unpacker(scales);
        expect(
          rows.map((_, row) => unpack(codes, row * bytesEach)),
        ).to.deep.equal(rows);
        expect(asRead(rows[0]!.length, result, rows.length)).to.deep.equal(
          rows,
        );
      }),
      { numRuns: 400 },
    );
    expect(packed).to.be.above(40);
  });

  for (const [what, values, width] of [
    ["an integer for what is all alike", [5, 5, 5], 0],
    ["null for nothing but nulls", [null, null], 0],
    ["one bit for two values", [24_300, 24_301], 1],
    ["one bit for two values far apart", [0, 50_000], 1],
    ["one code for null", [7, null, 8], 2],
    ["few bits for multiples", [24_300, 24_400, 24_600], 2],
    ["a bit more from the power of two on", [0, 1, 256], 9],
  ] as const)
    it(`takes ${what}`, () => {
      const scale = pack(values.map((value) => [value]))?.scales[0];
      if (width === 0) expect(scale).to.equal(values[0]);
      else expect(String(scale).charCodeAt(1)).to.equal(width);
    });

  it("refuses what is too far apart, and what is no integer", () => {
    const far = Array.from({ length: 12 }, (_, i) => 2 ** 40 * i);
    expect(pack([far.map(() => 0), far.map((value) => value - 1)])).to.equal(
      null,
    );
    expect(() => pack([[1], [0.5]])).to.throw(RangeError);
  });
});
