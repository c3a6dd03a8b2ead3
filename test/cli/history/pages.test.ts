import { stripVTControlCharacters, styleText } from "node:util";
import { expect } from "chai";
import fc from "fast-check";
import { eventWords, openEventList } from "../../../cli/history/event-lines.js";
import { type Paint, plain } from "../../../cli/history/paint.js";
import { PLOT_METRICS, plotPage } from "../../../cli/history/plot-page.js";
import { summaryPage } from "../../../cli/history/summary-page.js";
import {
  momentsOf,
  openTable,
  rowsOf,
  TABLE_METRICS,
} from "../../../cli/history/table.js";
import type {
  HistoryEvent,
  RangeAnswer,
  SummaryAnswer,
} from "../../../shared/contract/history.js";
import { METRIC_NAMES, METRICS } from "../../../shared/contract/metrics.js";
import { widest } from "../bin.js";
import {
  completeness,
  event,
  FROM_MS,
  range,
  seriesOf,
  summary,
} from "./answers.js";

const DAY_MS = 86_400_000;

/** As on a terminal. */
const vivid: Paint = (_, text) =>
  styleText("red", text, { validateStream: false });

interface Asked {
  readonly columns: number;
  readonly metrics: readonly string[];
  readonly paint: Paint;
}

const tableOf = (answer: RangeAnswer, { columns, metrics, paint }: Asked) => {
  const { stepMs } = answer.metadata;
  const wans = answer.metadata.wans.map(({ wan }) => wan);
  const table = openTable({ stepMs, metrics, wans, columns, paint });
  return [...table.head(), ...table.lines(momentsOf(rowsOf(answer)))];
};

/** Everything that is printed for people of these answers. */
const pagesOf = (answer: RangeAnswer, sum: SummaryAnswer, asked: Asked) => [
  ...tableOf(answer, asked),
  ...plotPage(answer, "att", asked.metrics, asked),
  ...summaryPage(sum, "att", asked),
];

const DEFAULT: Asked = { columns: 80, metrics: TABLE_METRICS, paint: plain };

describe("the pages of wanctl history", () => {
  const value = fc.oneof(
    fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    fc.constantFrom(0, -0, 1e-9, -0.04, 999.95, 99_999.95),
  );
  const code = fc.nat({ max: 3 });
  const length = fc.integer({ min: 1, max: 40 * DAY_MS });
  const stepMs = fc.option(
    fc.constantFrom(50, 1_000, 60_000, 300_000, 3_600_000, 7 * DAY_MS),
  );
  const at = fc.integer({ min: FROM_MS - 400 * DAY_MS, max: FROM_MS });

  const rangeAnswer = fc
    .record({
      at,
      length,
      stepMs,
      of: fc.subarray([...METRICS]),
      numbers: fc.array(fc.tuple(value, value, value, code), { maxLength: 9 }),
      partial: fc.boolean(),
    })
    .map(({ at, length, stepMs, of, numbers, partial }): RangeAnswer => {
      const wans = ["att", "spectrum"];
      const data = wans.flatMap((wan) =>
        of.map(({ name, unit, labels }) => {
          const isState = name === "wanctl_state";
          const numberOf = (place: 0 | 1 | 2) =>
            numbers.map((each) => (isState ? each[3] : each[place]));
          return {
            ...{ wan, metric: name, unit, labels },
            at: numbers.map(
              (_, i) => at + Math.round((i * length) / numbers.length),
            ),
            ...{ min: numberOf(0), avg: numberOf(1), max: numberOf(2) },
            count: numbers.map(() => 1),
            ...(isState ? { stateMs: numbers.map(() => [1, 0, 3, 0]) } : {}),
          };
        }),
      );
      const metadata = completeness(wans, at, at + length);
      return {
        data,
        metadata: { ...metadata, partial, stepMs, returned: 0, next: null },
      };
    });

  const summaryAnswer = fc
    .tuple(value, fc.option(value), length)
    .map(([number, quantile, spanMs]): SummaryAnswer => {
      const answer = summary(["att"]);
      const { metadata } = answer;
      const p = { p50: quantile, p95: quantile, p99: quantile };
      return {
        data: answer.data.map((one) => ({ ...one, min: number, ...p })),
        metadata: { ...metadata, to: metadata.from + spanMs },
      };
    });

  it("CLI-01: fit the terminal, and say no number that is none, whatever the values", () => {
    fc.assert(
      fc.property(
        rangeAnswer,
        summaryAnswer,
        fc.integer({ min: 40, max: 160 }),
        fc.subarray([...METRIC_NAMES]),
        (answer, sum, columns, metrics) => {
          const pages = pagesOf(answer, sum, {
            columns,
            metrics,
            paint: plain,
          }).join("\n");
          expect(widest(pages)).to.be.at.most(columns);
          expect(pages).not.to.match(/NaN|undefined|Infinity|null|\[object/);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("say the same with colours as without", () => {
    const answer = range(["att", "spectrum"]);
    const sum = summary(["att"]);
    const painted = pagesOf(answer, sum, { ...DEFAULT, paint: vivid });
    expect(painted.join()).to.include("\x1b[31m");
    const bare = painted.map((line) =>
      stripVTControlCharacters(line).trimEnd(),
    );
    expect(bare).to.deep.equal(
      pagesOf(answer, sum, DEFAULT).map((line) => line.trimEnd()),
    );
  });
});

describe("openTable()", () => {
  it("CLI-01: has RTT, baseline, delta, rates, load and the worst state of each step", () => {
    const [head, first, , , fourth] = tableOf(range(["spectrum"]), DEFAULT);
    expect([head, first, fourth]).to.deep.equal([
      " time     RTT   base  delta  worst ↓rate ↓load ↑rate ↑load  state",
      " 13:00   24.3   23.9   +1.2   +1.3   187   142  18.5  2.31  GREEN",
      " 13:15   27.3   26.9   +4.2 +181.3   190   145  21.5  5.31  ↓RED 3%",
    ]);
  });

  it("leaves out the least needed where the terminal is narrow", () => {
    const heads = [120, 80, 60, 44, 40].map(
      (columns) => tableOf(range(["spectrum"]), { ...DEFAULT, columns })[0],
    );
    expect(heads).to.deep.equal([
      " time     RTT   base  delta  worst ↓rate ↓load ↑rate ↑load  state ↓        state ↑",
      " time     RTT   base  delta  worst ↓rate ↓load ↑rate ↑load  state",
      " time     RTT  delta  worst ↓rate ↑rate  state",
      " time     RTT  delta  worst  state",
      " time   delta  worst  state",
    ]);
  });

  it("names the WAN in each line where there are several", () => {
    const lines = tableOf(range(["att", "spectrum"], 1), DEFAULT);
    expect(lines.map((line) => line.slice(0, 22))).to.deep.equal([
      " time  WAN         RTT",
      " 13:00 att        24.3",
      " 13:00 spectrum   24.3",
    ]);
  });

  it("shows a metric that has no column of its own, by its whole name", () => {
    const metrics = ["wanctl_cycle_late_ms"];
    expect(tableOf(range(["att"], 1), { ...DEFAULT, metrics })).to.deep.equal([
      " time  cycle late    max",
      " 13:00        0.0    0.0",
    ]);
  });

  it("says where the day changes, and where the clocks are changed", () => {
    const zone = process.env["TZ"];
    process.env["TZ"] = "Europe/Berlin";
    try {
      const fromMs = Date.parse("2026-10-25T00:00:00+02:00") - 3_600_000;
      const answer = range(["att"]);
      const data = seriesOf("att", 6, 3_600_000, fromMs);
      const { metadata } = answer;
      const lines = tableOf(
        { data, metadata: { ...metadata, stepMs: 3_600_000 } },
        DEFAULT,
      ).map((line) => line.slice(0, 40).replace(/ {2,}\d.*/, ""));
      expect(lines.slice(1)).to.deep.equal([
        " 23:00",
        "Sun 25 Oct 2026",
        " 00:00",
        " 01:00",
        " 02:00",
        "Sun 25 Oct 2026, UTC+01:00 from here",
        " 02:00",
        " 03:00",
      ]);
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });
});

describe("openEventList()", () => {
  const value = fc.oneof(
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  );

  it("CLI-01: tells a change of state with its reason, under its day", () => {
    expect(
      openEventList({ columns: 80, paint: plain }).lines([event(2)]),
    ).to.deep.equal([
      "Sat 21 Nov 2026",
      "13:00:02.500 spectrum download GREEN -> YELLOW: RTT delta 17.0ms exceeded target",
      "                      threshold 15ms",
    ]);
  });

  for (const [kind, details, words] of [
    ["router_lost", { cause: "no such device" }, "router lost: no such device"],
    [
      "reflector_lost",
      { reflector: "1.1.1.1", quiet_ms: 5_020 },
      "reflector lost: reflector 1.1.1.1, quiet 5 s",
    ],
    ["clock_stepped", { step_ms: -3_600_000 }, "clock stepped: step -1 h"],
    ["started", {}, "started"],
  ] as const)
    it(`says ${kind} in words`, () =>
      expect(eventWords(event(1, { kind, details }))).to.equal(words));

  it("prints nothing that steers the terminal, whatever an event holds", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), value),
        fc.constantFrom("transition", "config", "router_lost"),
        fc.integer({ min: 40, max: 160 }),
        (details, kind, columns) => {
          const odd: HistoryEvent = event(1, { kind, details });
          const lines = openEventList({ columns, paint: plain }).lines([odd]);
          expect(lines.join("")).not.to.match(/[\p{Cc}]/u);
        },
      ),
    );
  });
});

describe("plotPage()", () => {
  it("CLI-01: draws RTT, both rates and both states over the time", () => {
    const lines = plotPage(range(["att"]), "att", PLOT_METRICS, DEFAULT);
    const text = lines.join("\n");
    expect(lines[0]).to.equal("att  Sat 21 Nov 2026 13:00 to 14:00");
    expect(text).to.match(/  206.7┤ .*\n/);
    expect(text).to.match(/state ↓│ ▁+█+▁+█+▁+\n/);
    expect(text).to.match(/state ↑│ ▁+\n/);
    expect(text).to.match(/\n {9}13:00 +13:30 +14:00\n/);
  });

  it("draws a peak wherever it falls", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.nat({ max: 499 }),
        (steps, place) => {
          const answer = range(["att"], steps, 7_000);
          const data = answer.data.slice(0, 1).map((one) => ({
            ...one,
            max: one.max.map((_, i) => (i === place % steps ? 5_000 : 30)),
          }));
          const lines = plotPage(
            { ...answer, data },
            "att",
            ["wanctl_rtt_ms"],
            DEFAULT,
          );
          expect(lines[2]).to.match(/^ +5000┤ .*[⠁-⣿]/);
        },
      ),
    );
  });
});
