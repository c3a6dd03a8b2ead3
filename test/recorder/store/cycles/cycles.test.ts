import { expect } from "chai";
import fc from "fast-check";
import {
  type Connection,
  Database,
} from "../../../../recorder/store/connection.js";
import {
  type CycleValues,
  openCycles,
} from "../../../../recorder/store/cycles/cycles.js";
import { migrate } from "../../../../recorder/store/migrations.js";
import { remakeViews } from "../../../../recorder/store/views.js";
import type { CycleFrame } from "../../../../shared/contract/frame.js";
import { METRICS } from "../../../../shared/contract/metrics.js";
import {
  column,
  field,
  type Row,
  ROW_FIELDS,
} from "../../../../shared/contract/row.js";
import type { WallMs } from "../../../../shared/runtime/clock.js";
import { cycle, NOON_MS, stamped } from "../../../fakes/frames.js";

const FAR = 2 ** 40;
const NOON = NOON_MS as WallMs;

/** Any legal row: like the calm one, or with extremes, nulls and negatives in some fields. */
const row: fc.Arbitrary<Partial<Row>> = fc
  .subarray([...ROW_FIELDS])
  .chain((names) =>
    fc.record(
      Object.fromEntries(
        names.map((name) => {
          const { unit, signed, nullMeans } = field(name);
          const most = unit === "code" ? 3 : FAR;
          const value = fc.oneof(
            fc.integer({ min: 0, max: Math.min(most, 300) }),
            fc.integer({ min: signed ? -most : 0, max: most }),
          );
          return [name, nullMeans === undefined ? value : fc.option(value)];
        }),
      ),
    ),
  ) as fc.Arbitrary<Partial<Row>>;

/** A cycle of one of two WANs and of one of two runs of each, within a minute; often at the same instant as another. */
const frame = fc.record({
  wan: fc.integer({ min: 1, max: 2 }),
  run: fc.integer({ min: 0, max: 1 }),
  atMs: fc.oneof(
    fc.nat(60_000),
    fc.nat(40).map((beat) => beat * 50),
  ),
  values: fc.oneof(
    fc.constant<Partial<Row>>({}),
    fc.constant<Partial<Row>>({}),
    row,
  ),
});

const batches = fc.array(fc.array(frame, { maxLength: 40 }), { maxLength: 6 });

describe("Cycles", () => {
  let db: Connection;
  let cycles: ReturnType<typeof openCycles>;
  beforeEach(() => {
    db = new Database(":memory:");
    migrate(db, NOON);
    remakeViews(db);
    db.exec("insert into wan values (1, 'spectrum'), (2, 'att')");
    cycles = openCycles(db);
  });
  afterEach(() => void db.close());

  let seq = 0;
  const made = ({
    wan,
    run,
    atMs,
    values,
  }: typeof frame extends fc.Arbitrary<infer T> ? T : never) => ({
    run: { wan, source: wan * 10 + run },
    frame: stamped(cycle(values), ++seq, { at: NOON_MS + atMs }) as CycleFrame,
  });

  const inOrder = (a: CycleValues, b: CycleValues) =>
    a.atMs - b.atMs || a.source - b.source || a.seq - b.seq;

  /** What must be there. */
  const expected = (all: readonly ReturnType<typeof made>[], wan: number) =>
    all
      .filter(({ run }) => run.wan === wan)
      .map(({ run, frame }) => ({
        ...(Object.fromEntries(
          ROW_FIELDS.map((name) => [name, frame[name]]),
        ) as unknown as Row),
        atMs: frame.at,
        source: run.source,
        seq: frame.seq,
      }))
      .sort(inOrder);

  const clear = () => {
    for (const table of ["time", "slot", "plain"])
      db.exec(`delete from cycle_${table}`);
    cycles = openCycles(db);
  };
  const count = (table: string) =>
    db.prepare(`select count(*) from ${table}`).pluck().get() as number;

  it("gives back every cycle as it came, whatever order they come in (DATA-01)", () => {
    fc.assert(
      fc.property(batches, fc.nat(60_000), fc.nat(60_000), (drawn, a, b) => {
        clear();
        const all = drawn.map((batch) => batch.map(made));
        for (const batch of all) cycles.insert(batch);
        for (const wan of [1, 2]) {
          const stored = expected(all.flat(), wan);
          expect([...cycles.between(wan, 0, Infinity)]).to.deep.equal(stored);
          expect(cycles.oldestMs(wan)).to.equal(stored[0]?.atMs ?? null);
          expect(cycles.newestMs(wan)).to.equal(stored.at(-1)?.atMs ?? null);
          const [from, to] = [
            NOON_MS + Math.min(a, b),
            NOON_MS + Math.max(a, b),
          ];
          expect([...cycles.between(wan, from, to)]).to.deep.equal(
            stored.filter(({ atMs }) => atMs >= from && atMs < to),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it("shows in `cycle` and `metrics` what a plain wide table would (STOR-06)", () => {
    const arms = METRICS.flatMap(({ name, labels, from }) =>
      from.kind === "cycle" ? [{ name, labels, ...from }] : [],
    );
    fc.assert(
      fc.property(batches, (drawn) => {
        clear();
        const all = drawn.map((batch) => batch.map(made));
        for (const batch of all) cycles.insert(batch);
        const rows = [1, 2].flatMap((wan) =>
          expected(all.flat(), wan).map((each) => ({ wan, ...each })),
        );
        const seen = db
          .prepare(
            `select wan, at_ms as atMs, source, seq, ${ROW_FIELDS.map((name) => `${column(name)} as ${name}`).join(", ")} from cycle order by wan, at_ms, source, seq`,
          )
          .all();
        expect(seen).to.deep.equal(rows);
        const text = (
          at: number,
          wan: string,
          metric: string,
          labels: string | null,
          value: number,
        ) => [at, wan, metric, labels, value].join(" ");
        const shown = db
          .prepare(
            "select timestamp_ms, wan_name, metric_name, labels, value from metrics",
          )
          .raw()
          .all() as [number, string, string, string | null, number][];
        const wanted = rows.flatMap((each) =>
          arms.flatMap(({ name, labels, field: of, factor }) => {
            const value = each[of];
            const label =
              Object.keys(labels).length > 0 ? JSON.stringify(labels) : null;
            const wan = each.wan === 1 ? "spectrum" : "att";
            return value === null
              ? []
              : [
                  text(
                    each.atMs,
                    wan,
                    name,
                    label,
                    value / Math.round(1 / factor),
                  ),
                ];
          }),
        );
        expect(shown.map((each) => text(...each)).sort()).to.deep.equal(
          wanted.sort(),
        );
      }),
      { numRuns: 25 },
    );
  });

  it("reads one field alone as it does among all (STOR-06)", () => {
    const fields = fc.subarray([...ROW_FIELDS], { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        batches,
        fields,
        fc.nat(60_000),
        fc.nat(60_000),
        (drawn, names, a, b) => {
          clear();
          for (const batch of drawn) cycles.insert(batch.map(made));
          const range = [
            NOON_MS + Math.min(a, b),
            NOON_MS + Math.max(a, b),
          ] as const;
          for (const wan of [1, 2])
            for (const name of names) {
              const points = [...cycles.columns(wan, [name], ...range)].flatMap(
                ({ at, values }) =>
                  [...at]
                    .map((atMs, i) => [atMs, values[0]?.[i] ?? NaN] as const)
                    .filter(([, value]) => !Number.isNaN(value)),
              );
              const wanted = [...cycles.between(wan, ...range)].flatMap(
                (each) => {
                  const value = each[name];
                  return value === null ? [] : [[each.atMs, value] as const];
                },
              );
              const sorted = (list: typeof wanted) =>
                list.map(([at, value]) => `${at} ${value}`).sort();
              expect(sorted(points)).to.deep.equal(sorted(wanted));
              const times = points.map(([atMs]) => atMs);
              expect(times).to.deep.equal(times.toSorted((x, y) => x - y));
            }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("expires the oldest slots, hardly more than it may, and nothing newer", () => {
    fc.assert(
      fc.property(batches, fc.nat(30), fc.nat(60), (drawn, before, limit) => {
        clear();
        for (const batch of drawn) cycles.insert(batch.map(made));
        const beforeMs = NOON_MS + before * 2_000;
        const of = (wan: number) => [...cycles.between(wan, 0, Infinity)];
        const [mine, other] = [of(1), of(2)];
        const kept = mine.filter(({ atMs }) => atMs >= beforeMs);
        const due = mine.length - kept.length;
        const inOneSlot = 240;
        const gone = cycles.expire(1, beforeMs, limit);
        expect(gone).to.be.within(
          Math.min(limit, due),
          Math.min(limit + inOneSlot, due),
        );
        const left = of(1);
        expect(left).to.have.length(mine.length - gone);
        expect(left.filter(({ atMs }) => atMs >= beforeMs)).to.deep.equal(kept);
        while (cycles.expire(1, beforeMs, 10) > 0);
        expect(of(1)).to.deep.equal(kept);
        expect(of(2)).to.deep.equal(other);
        // a time stays as long as anybody has a cycle of then
        cycles.expire(2, beforeMs, 10_000);
        const old = "select count(*) from cycle_time where at_ms < ?";
        expect(db.prepare(old).pluck().get(beforeMs)).to.equal(0);
      }),
      { numRuns: 60 },
    );
  });

  const packed = () =>
    db
      .prepare("select ifnull(sum(length(at)), 0) from cycle_slot")
      .pluck()
      .get() as number;

  const seconds = (from: number, to: number) =>
    Array.from({ length: (to - from) * 20 }, (_, beat) =>
      made({
        wan: 1,
        run: 0,
        atMs: from * 1_000 + beat * 50,
        values: { rttUs: 24_000 + beat },
      }),
    );

  const lateAt = (atMs: number) => made({ wan: 1, run: 0, atMs, values: {} });

  it("packs cycles at once, and a late one with the others of its slot", () => {
    cycles.insert(seconds(0, 3));
    cycles.insert([...seconds(3, 4), lateAt(1_020)]);
    expect(packed()).to.equal(81);
    expect(count("cycle_slot")).to.equal(2);
    expect(count("cycle_plain")).to.equal(0);
  });

  it("keeps a flood of cycles plain, and all of it", () => {
    const flood = Array.from({ length: 2_000 }, (_, i) =>
      made({ wan: 1, run: 0, atMs: i % 4_000, values: {} }),
    );
    cycles.insert(flood);
    cycles.insert(seconds(28, 29));
    expect(packed()).to.equal(20);
    expect(count("cycle")).to.equal(2_020);
  });
});
