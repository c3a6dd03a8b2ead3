import { expect } from "chai";
import type { Reading } from "../../../controller/law/inputs.js";
import { WANCTL } from "../../../lab/policies/wanctl.js";
import { play as playScenario } from "../../../lab/run.js";
import { SCENARIOS } from "../../../lab/scenarios.js";
import { score, type Score } from "../../../lab/score.js";
import { between, deltaMs, play, use } from "./loop.js";

/** The law, from round trips alone, in a scenario of the lab. */
function inLab(id: string): Score {
  const scenario = SCENARIOS.find((one) => one.id === id);
  if (scenario === undefined) throw new Error(`Cannot play ${id}`);
  return score(playScenario(scenario, WANCTL, 1), scenario);
}

/** Ways in which a rate law went wrong once, by what to look for. */
const DOWN = { flows: { download: 4, upload: 0 }, upload: [[0, 10]] } as const;

describe("the law does not fail by", function () {
  it("a low load clears no direction: a start far above the line is cut until the queue is gone", () => {
    const beats = play({
      ...DOWN,
      download: [
        [0, 20],
        [1, 8],
      ],
      seconds: 15,
    });
    expect(deltaMs(between(beats, 4, 15), 0.95)).to.be.below(25);
  });

  it("a window that reaches back before the drop: one second after 20 -> 8 the queue is gone", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const beats = play({
        ...DOWN,
        download: [
          [0, 20],
          [10, 8],
        ],
        seconds: 14,
        seed,
      });
      expect(deltaMs(between(beats, 11.5, 14), 0.9)).to.be.below(25);
    }
  });

  it("a capacity that ratchets down: 8 Mbit/s stay in use", () => {
    const beats = play({
      ...DOWN,
      download: [
        [0, 20],
        [10, 8],
      ],
      seconds: 40,
    });
    expect(use(between(beats, 12, 40)).download).to.be.above(0.93);
  });

  it("a second cut of a drain that works: few cuts follow a fall", () => {
    const beats = between(
      play({
        ...DOWN,
        download: [
          [0, 20],
          [10, 8],
        ],
        seconds: 12,
      }),
      10,
      12,
    );
    const cuts = beats.filter(
      ({ state }) => state.rate.download.cause === "cut",
    );
    expect(cuts.length).to.be.within(1, 4);
  });

  it("an outage: it cuts neither as one begins nor for the probes that it held back", () => {
    const silent = (reading: Reading, atS: number): Reading =>
      atS > 10 && atS < 16
        ? { ...reading, kind: "lost", replies: [] }
        : reading;
    const beats = play({
      ...DOWN,
      download: [[0, 20]],
      seconds: 20,
      seen: silent,
    });
    const rates = between(beats, 10.5, 15.9).map(
      ({ state }) => state.rate.download.bps,
    );
    expect(new Set(rates).size).to.equal(1);
    expect(use(between(beats, 17, 20)).download).to.be.above(0.9);
  });

  for (const hasOneWay of [false, true])
    for (const outageS of [5, 15])
      it(`a line that is back after ${outageS} s with an eighth of its capacity, ${hasOneWay ? "with timestamps" : "by RTT alone"}: its low load does not clear it`, () => {
        const beats = play({
          ...{ ...DOWN, hasOneWay, seconds: 50 },
          download: [
            [0, 20],
            [10, 0.001],
            [10 + outageS, 2.6],
          ],
        });
        const late = between(beats, 35, 50);
        expect(deltaMs(late, 0.95)).to.be.below(60);
        expect(use(late).download).to.be.above(0.7);
      });

  it("replies so few that there are never six in a row: a fall is still seen", () => {
    const beats = play({
      ...{ ...DOWN, seconds: 40, policy: { spacingMs: 370 } },
      download: [
        [0, 20],
        [10, 8],
      ],
    });
    expect(deltaMs(between(beats, 20, 40), 0.9)).to.be.below(80);
  });

  it("a path that becomes longer while the line is idle: it is not cut", () => {
    const detours = () => [{ fromMs: 10_000, ms: 200 }];
    for (const hasOneWay of [false, true]) {
      const beats = play({
        ...{ download: [[0, 20]], upload: [[0, 10]], hasOneWay },
        flows: { download: 0, upload: 0 },
        ...{ seconds: 60, plan: { detours } },
      });
      expect(beats.some(({ state }) => state.rate.download.cause === "cut")).to
        .be.false;
      expect(beats.some(({ state }) => state.rate.upload.cause === "cut")).to.be
        .false;
    }
  });

  it("late replies on an idle line, where no load makes a queue: it is not cut once", () => {
    expect(inLab("S7").cutsPerHour).to.equal(0);
  });

  it("a delay that no cut shortens: it leaves the floor, and learns the path", () => {
    expect(inLab("S12").atFloor).to.be.below(0.07);
  });

  it("packets that take long on a slow line: they are not cut for being there (CTRL-03)", () => {
    const { use: used } = inLab("S6");
    expect(used.download).to.be.above(0.6);
    expect(used.upload).to.be.above(0.75);
  });

  it("slow start: new flows on an idle line cost no rate for long", () => {
    const beats = play({ ...DOWN, download: [[0, 20]], seconds: 12 });
    expect(use(between(beats, 3, 12)).download).to.be.above(0.9);
  });
});
