import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import type { RangeQuery, Span } from "../../../recorder/query/history.js";
import { range } from "../../../recorder/query/range.js";
import type { Pieces } from "../../../recorder/query/read.js";
import { openHistoryFile } from "../../../recorder/query/reader.js";
import { summary } from "../../../recorder/query/summary.js";
import { openStore, type Store } from "../../../recorder/store/store.js";
import { type Keep, plan } from "../../../recorder/tiers/retention.js";
import {
  bucketStart,
  eachTier,
  STEP_MS,
  type Tier,
} from "../../../recorder/tiers/tier.js";
import type { CycleFrame, Frame } from "../../../shared/contract/frame.js";
import type {
  Completeness,
  RangeAnswer,
  SeriesValues,
} from "../../../shared/contract/history.js";
import { METRICS } from "../../../shared/contract/metrics.js";
import type { RowField } from "../../../shared/contract/row.js";
import type { WallMs } from "../../../shared/runtime/clock.js";
import { cycle, NOON_MS, sample, stamped } from "../../fakes/frames.js";
import { anyRow } from "../../fakes/rows.js";
import { temporaryFolder } from "../temporary.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SPAN_MS = 4 * HOUR_MS;

/** So short that every tier has a part of the span to itself. */
const KEEP: Keep = {
  ...eachTier(() => 1_000 * HOUR_MS),
  raw: 30 * MINUTE_MS,
  "1m": HOUR_MS,
  "5m": 2 * HOUR_MS,
};

const NAMES = [
  "wanctl_rtt_ms",
  "wanctl_rtt_delta_ms",
  "wanctl_rate_download_mbps",
  "wanctl_state",
  "wanctl_steering_enabled",
];

function done<T>(work: Pieces<T>): T {
  for (;;) {
    const { done: isDone, value } = work.next();
    if (isDone) return value;
  }
}

/** Which cycles an answer says it is made from, each with the moment it counts at. */
function* counted(
  { from, wans }: Completeness,
  frames: readonly CycleFrame[],
): Generator<{ frame: CycleFrame; atMs: number; tier: Tier }> {
  const sections = wans[0]?.sections ?? [];
  for (const frame of frames)
    for (const { tier, from: begin, to } of sections) {
      const start = (ms: number) =>
        tier === "raw" ? ms : bucketStart(tier, ms);
      const atMs = start(frame.at);
      const first = begin <= from ? start(begin) : begin;
      if (atMs >= first && atMs < to) yield { frame, atMs, tier };
    }
}

describe("range() and summary()", () => {
  const folder = temporaryFolder();
  let store: Store;
  beforeEach(() => {
    store = openStore(join(folder.path, "m.db"), NOON_MS as WallMs);
  });
  afterEach(() => store[Symbol.asyncDispose]());

  const tend = (work: Parameters<Store["tend"]>[0]) => {
    const found = store.tend(work);
    if (typeof found === "object" && found !== null && "kind" in found)
      throw new Error("the store failed");
  };

  /** Rolls up and expires what is due at an instant. */
  const age = (name: string, nowMs: number, expires: boolean) =>
    tend((upkeep) => {
      const wan = store.records.wans().find((each) => each.name === name)?.id;
      if (wan === undefined) return;
      while (upkeep.rollUp(wan, nowMs));
      if (!expires) return;
      for (const expiry of plan(KEEP, upkeep.standing(wan), nowMs))
        while (upkeep.expire(wan, expiry, 1_000) > 0);
    });

  /** All pages as one. */
  function pages(query: RangeQuery, nowMs: number, max: number): RangeAnswer {
    let all: RangeAnswer | null = null;
    for (let cursor: string | undefined; ;) {
      const page = done(range(store.records, { ...query, cursor }, nowMs, max));
      const lines: readonly SeriesValues[] = page.data;
      expect(page.metadata.returned).to.equal(
        lines.reduce((sum, { at }) => sum + at.length, 0),
      );
      if (page.metadata.next !== null && page.metadata.returned > 0)
        expect(page.metadata.returned).to.be.at.most(max + 100);
      all =
        all === null
          ? page
          : { data: joined(all.data, lines), metadata: page.metadata };
      if (page.metadata.next === null) return all;
      cursor = page.metadata.next;
    }
  }

  const keyOf = ({ metric, labels }: SeriesValues) =>
    metric + JSON.stringify(labels);

  function joined(
    before: readonly SeriesValues[],
    after: readonly SeriesValues[],
  ): SeriesValues[] {
    const keys = new Set([...before, ...after].map(keyOf));
    return [...keys].map((key) => {
      const parts = [...before, ...after].filter((each) => keyOf(each) === key);
      const all = <K extends "at" | "min" | "avg" | "max" | "count">(of: K) =>
        parts.flatMap((part) => [...part[of]]);
      return {
        ...parts[0]!,
        ...{ at: all("at"), min: all("min"), avg: all("avg") },
        ...{ max: all("max"), count: all("count") },
        ...(parts[0]?.stateMs === undefined
          ? {}
          : { stateMs: parts.flatMap((part) => [...(part.stateMs ?? [])]) }),
      };
    });
  }

  const scene = fc.record({
    cycles: fc.array(
      fc.record({
        atMs: fc.oneof(
          fc.nat(SPAN_MS - 1),
          fc.nat(200).map((n) => n * 50),
          fc.nat(200).map((n) => SPAN_MS - 1 - n * 50),
        ),
        row: anyRow(2 ** 30),
      }),
      { minLength: 1, maxLength: 60 },
    ),
    /** Four hours, or some days of which only hours are left. */
    scale: fc.constantFrom(1, 1, 20),
    fromMs: fc.integer({ min: -HOUR_MS, max: SPAN_MS }),
    lengthMs: fc.integer({ min: 1, max: SPAN_MS }),
    stepMs: fc.constantFrom(
      ...[null, 50, 1_000, 7_000, MINUTE_MS, 90_000],
      ...[5 * MINUTE_MS, 7 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 24 * HOUR_MS],
    ),
    ages: fc.constantFrom("fresh", "rolled up", "expired"),
    max: fc.constantFrom(50, 400, 100_000),
  });

  let run = 0;

  /** Frames as they were sent, stored and aged. */
  function record({
    scale,
    cycles,
    ages,
  }: {
    scale: number;
    cycles: { atMs: number; row: object }[];
    ages: string;
  }) {
    const source = `w${++run}`;
    const frames = [...cycles]
      .sort((a, b) => a.atMs - b.atMs)
      .map(({ atMs, row }, i) =>
        stamped(cycle(row), i + 1, { source, at: NOON_MS + scale * atMs }),
      );
    store.commit(frames);
    if (ages !== "fresh")
      age(source, NOON_MS + scale * SPAN_MS, ages === "expired");
    return { source, frames: frames as (Frame & CycleFrame)[] };
  }

  const expectedOf = (
    span: Completeness,
    stepMs: number | null,
    frames: readonly CycleFrame[],
    field: RowField,
  ) => {
    const steps = new Map<string | number, { at: number; values: number[] }>();
    for (const { frame, atMs, tier } of counted(span, frames)) {
      const value = frame[field];
      if (value === null) continue;
      // a bucket that begins before the range counts in its first step
      const at =
        stepMs === null
          ? atMs
          : Math.floor(Math.max(atMs, span.from) / stepMs) * stepMs;
      const key = stepMs === null && tier === "raw" ? `cycle ${frame.seq}` : at;
      const step = steps.get(key) ?? { at, values: [] };
      step.values.push(value);
      steps.set(key, step);
    }
    return [...steps.values()].sort((a, b) => a.at - b.at);
  };

  it("is what the cycles add up to, whatever the step, the tiers and the pages (CLI-01, STOR-03)", () =>
    fc.assert(
      fc.property(scene, (drawn) => {
        const { source, frames } = record(drawn);
        const { scale } = drawn;
        const fromMs = NOON_MS + scale * drawn.fromMs;
        const query: RangeQuery = {
          ...{ fromMs, toMs: fromMs + scale * drawn.lengthMs },
          wans: [source],
          metrics: NAMES,
          resolution:
            drawn.stepMs === null ? "cycle" : { stepMs: drawn.stepMs },
        };
        const nowMs = NOON_MS + scale * SPAN_MS;
        const { data, metadata } = pages(query, nowMs, drawn.max);
        expect(metadata.stepMs).to.equal(drawn.stepMs);
        expectWhole(metadata, query, frames);
        for (const metric of METRICS) {
          if (!NAMES.includes(metric.name) || metric.from.kind !== "cycle")
            continue;
          const { field, factor } = metric.from;
          const expected = expectedOf(metadata, drawn.stepMs, frames, field);
          const line = data.find(
            (each) =>
              each.metric === metric.name &&
              JSON.stringify(each.labels) === JSON.stringify(metric.labels),
          );
          const divisor = Math.round(1 / factor);
          const by = (of: (values: number[]) => number) =>
            expected.map(({ values }) => of(values));
          expect(line?.at ?? []).to.deep.equal(expected.map(({ at }) => at));
          // cycles of one instant are in no order
          if (new Set(line?.at).size < (line?.at.length ?? 0)) continue;
          expect(line?.count ?? []).to.deep.equal(by((all) => all.length));
          expect(line?.min ?? []).to.deep.equal(
            by((all) => Math.min(...all) / divisor),
          );
          expect(line?.max ?? []).to.deep.equal(
            by((all) => Math.max(...all) / divisor),
          );
          if (metric.unit !== "code")
            expect(line?.avg ?? []).to.deep.equal(
              by((all) => all.reduce((a, b) => a + b) / (all.length * divisor)),
            );
        }
      }),
      { numRuns: 100 },
    ));

  /** Each cycle of the span counts once, and no section overlaps another. */
  function expectWhole(
    metadata: Completeness,
    { fromMs, toMs }: Span,
    frames: readonly CycleFrame[],
  ) {
    const seen = [...counted(metadata, frames)].map(({ frame }) => frame.seq);
    expect(new Set(seen).size).to.equal(seen.length);
    expect(seen).to.include.members(
      frames
        .filter(({ at }) => at >= fromMs && at < toMs)
        .map(({ seq }) => seq),
    );
    const sections = metadata.wans[0]?.sections ?? [];
    sections.forEach((section, i) =>
      expect(section.from).to.be.at.least(sections[i - 1]?.to ?? -Infinity),
    );
  }

  it("sums a range up as its cycles do, with quantiles within 2 % (CLI-01)", () =>
    fc.assert(
      fc.property(scene, (drawn) => {
        const { source, frames } = record(drawn);
        const { scale } = drawn;
        const fromMs = NOON_MS + scale * drawn.fromMs;
        const span = { fromMs, toMs: fromMs + scale * drawn.lengthMs };
        const nowMs = NOON_MS + scale * SPAN_MS;
        const { data, metadata } = done(
          summary(
            store.records,
            { ...span, wans: [source], metrics: ["rtt", "state"] },
            nowMs,
          ),
        );
        expectWhole(metadata, span, frames);
        const rtts = [...counted(metadata, frames)].flatMap(({ frame }) =>
          frame.rttUs === null ? [] : [frame.rttUs / 1e3],
        );
        const row = data.find(({ metric }) => metric === "wanctl_rtt_ms");
        expect(row?.count ?? 0).to.equal(rtts.length);
        if (row === undefined) return;
        expect(row.min).to.equal(Math.min(...rtts));
        expect(row.max).to.equal(Math.max(...rtts));
        rtts.sort((a, b) => a - b);
        const p95 = rtts[Math.ceil(0.95 * rtts.length) - 1]!;
        expect(row.p95).to.be.closeTo(p95, 0.0218 * p95 + 1e-9);
        for (const quantile of [row.p50, row.p95, row.p99])
          expect(quantile).to.be.within(row.min, row.max);
      }),
      { numRuns: 100 },
    ));

  it("does not look through times of which nothing is kept, however short the steps", () => {
    const year = 365 * 24 * HOUR_MS;
    store.commit([
      stamped(cycle(), 1, { at: NOON_MS - year }),
      stamped(sample(1), 2, { at: NOON_MS - year / 2 }),
      stamped(cycle(), 3, { at: NOON_MS }),
    ]);
    for (const resolution of ["cycle", { stepMs: 50 }] as const) {
      const span = { fromMs: NOON_MS - 2 * year, toMs: NOON_MS + year };
      const work = range(store.records, { ...span, resolution }, NOON_MS);
      let [pieces, found] = [0, work.next()];
      for (; found.done !== true && pieces < 1_000; pieces++)
        found = work.next();
      expect(pieces).to.be.below(1_000);
      expect(found.value?.metadata.next).to.equal(null);
      const [line] = found.value?.data ?? [];
      expect(line?.at).to.deep.equal([NOON_MS - year, NOON_MS]);
    }
  });

  it("gives the same from the file alone, beside whoever writes it (CLI-01)", async () => {
    const frames = Array.from({ length: 100 }, (_, i) =>
      stamped(i % 3 ? cycle({ rttUs: 20_000 + i }) : sample(i % 2), i + 1),
    );
    store.commit(frames);
    using history = openHistoryFile(store.path);
    const query = {
      ...{ fromMs: NOON_MS, toMs: NOON_MS + MINUTE_MS },
      resolution: { points: 10 },
    } as const;
    const nowMs = NOON_MS + 5_050;
    const alone = await history.range(query);
    const beside = done(range(store.records, query, nowMs));
    expect(alone.data).to.deep.equal(beside.data);
    expect(alone.data.length).to.be.above(10);
  });

  it("can be ended while it reads a file", async () => {
    store.commit([stamped(cycle(), 1), stamped(sample(1), 2)]);
    using history = openHistoryFile(store.path);
    const stop = new AbortController();
    setImmediate(() => stop.abort());
    const query = {
      fromMs: 0,
      toMs: 2 * NOON_MS,
      resolution: "cycle",
    } as const;
    const ended = await history
      .range(query, stop.signal)
      .catch((reason: unknown) => reason);
    expect(ended).to.have.property("name", "AbortError");
  });

  it("keeps a peak of half a second in a month of hours (CLI-01)", () => {
    store.commit(
      Array.from({ length: 1_200 }, (_, i) =>
        stamped(cycle({ rttUs: i < 10 ? 400_000 : 2_000 }), i + 1),
      ),
    );
    const monthMs = 30 * 24 * HOUR_MS;
    age("spectrum", NOON_MS + monthMs, true);
    const { data, metadata } = done(
      range(
        store.records,
        {
          ...{ fromMs: NOON_MS - monthMs / 2, toMs: NOON_MS + monthMs / 2 },
          metrics: ["wanctl_rtt_ms"],
          resolution: { points: 600 },
        },
        NOON_MS + monthMs,
      ),
    );
    expect(metadata.wans[0]?.sections.map(({ tier }) => tier)).to.deep.equal([
      "1h",
    ]);
    expect(data[0]?.max).to.deep.equal([400]);
    expect(data[0]?.min).to.deep.equal([2]);
    expect(metadata.stepMs! % STEP_MS["1h"]).to.equal(0);
  });
});
