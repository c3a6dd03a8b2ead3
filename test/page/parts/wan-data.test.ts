import { expect } from "chai";
import fc from "fast-check";
import { sseReader } from "../../../page/data/sse.js";
import {
  align,
  blanks,
  clusters,
  resolutionOf,
} from "../../../page/data/wan-data.js";

const line = fc
  .uniqueArray(fc.integer({ min: 0, max: 300 }), { maxLength: 30 })
  .map((at) => {
    const sorted = at.map((each) => each * 50).sort((a, b) => a - b);
    return { at: sorted, values: sorted.map((each) => each / 7) };
  });

describe("align()", () => {
  it("keeps every value at its time, and breaks a line exactly where it has a gap", () =>
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), (lines) => {
        const { at, lines: cells } = align(lines, { gapMs: () => 200 });
        expect([...new Set(at)].sort((a, b) => a - b)).to.deep.equal(at);
        lines.forEach((given, i) => {
          const own = cells[i] ?? [];
          expect(own.length).to.equal(at.length);
          const values = at.flatMap((time, j) =>
            typeof own[j] === "number" ? [[time, own[j]]] : [],
          );
          expect(values).to.deep.equal(
            given.at.map((time, j) => [time, given.values[j]]),
          );
          const ends = at.filter((_, j) => own[j] === null);
          const gaps = given.at.filter(
            (time, j) => (given.at[j + 1] ?? time) - time > 200,
          );
          expect(ends).to.deep.equal(gaps.map((time) => time + 1));
        });
      }),
    ));
});

describe("align() of times that repeat or go back", () => {
  it("goes on behind them", () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1 }),
        (times) => {
          const last = 50;
          const line = { at: [...times, last], values: [...times, last] };
          const { at, lines } = align([line], { gapMs: () => 1_000 });
          expect(lines[0]?.[at.indexOf(last)]).to.equal(last);
          at.forEach((time, i) => {
            const cell = lines[0]?.[i];
            expect([time, null, undefined]).to.include(cell);
          });
        },
      ),
    ));
});

describe("blanks()", () => {
  it("are the times that no value stands for", () => {
    const at = [100, 150, 200, 5_000, 5_050];
    expect(blanks(at, resolutionOf(null, []), 0, 10_000)).to.deep.equal([
      [250, 5_000],
      [5_100, 10_000],
    ]);
    expect(blanks([], resolutionOf(60_000, []), 0, 600_000)).to.deep.equal([
      [0, 600_000],
    ]);
    expect(
      blanks([0, 60_000, 120_000], resolutionOf(60_000, []), 0, 180_000),
    ).to.deep.equal([]);
  });

  it("are none between steps that follow each other", () =>
    fc.assert(
      fc.property(
        fc.constantFrom(null, 1_000, 60_000),
        fc.integer({ min: 1, max: 50 }),
        (stepMs, count) => {
          const ownMs = stepMs ?? 50;
          const at = Array.from({ length: count }, (_, i) => i * ownMs);
          expect(
            blanks(at, resolutionOf(stepMs, []), 0, count * ownMs),
          ).to.deep.equal([]);
        },
      ),
    ));
});

describe("paceOf()", () => {
  it("is as slow as what is kept of that time", () => {
    const sections = [
      { tier: "1h" as const, from: 0 },
      { tier: "raw" as const, from: 7_200_000 },
    ];
    const resolution = resolutionOf(20_000, sections);
    const hours = [0, 3_600_000];
    const steps = [0, 1, 2].map((i) => 7_200_000 + i * 20_000);
    expect(
      blanks([...hours, ...steps], resolution, 0, 7_260_000),
    ).to.deep.equal([]);
    expect(blanks([0, ...steps], resolution, 0, 7_260_000)).to.deep.equal([
      [3_600_000, 7_200_000],
    ]);
    expect(resolutionOf(null, []).ownMs(0)).to.equal(50);
  });
});

describe("clusters()", () => {
  it("have everything once, in order, none nearer to the next than asked", () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat({ max: 1_000 }) })),
        fc.integer({ min: 1, max: 300 }),
        (things, apartMs) => {
          const found = clusters(things, apartMs);
          expect(
            found.flatMap(({ members }) => members.map(({ at }) => at)),
          ).to.deep.equal(things.map(({ at }) => at).sort((a, b) => a - b));
          found.slice(1).forEach(({ at }, i) => {
            expect(at - (found[i]?.at ?? 0)).to.be.at.least(apartMs);
          });
        },
      ),
    ));
});

describe("sseReader()", () => {
  it("hears the same events however the text is cut", () => {
    const events = [
      { name: "cycle", data: '{"a":1}' },
      { name: "dropped", data: '{"frames":2}' },
    ];
    const text = `retry: 2000\n\n: still here\n\n${events
      .map(({ name, data }) => `event: ${name}\ndata: ${data}\n\n`)
      .join("")}`;
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length })), (cuts) => {
        const read = sseReader();
        const ends = [...cuts.sort((a, b) => a - b), text.length];
        const heard = ends.flatMap((end, i) =>
          read(text.slice(ends[i - 1] ?? 0, end)),
        );
        expect(heard).to.deep.equal(events);
      }),
    );
  });
});
