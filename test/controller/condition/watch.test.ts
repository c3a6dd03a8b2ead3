import { expect } from "chai";
import { openWatch } from "../../../controller/condition/watch.js";
import { type ControlState, initial } from "../../../controller/law/control.js";
import type { Clock, MonoMs, WallMs } from "../../../shared/runtime/clock.js";
import { POLICY } from "../../fakes/states.js";

const ms = (value: number) => value as MonoMs;

/** The state at an instant, with the last reply of each reflector as given. */
function stateAt(at: number, heardAt: readonly number[]): ControlState {
  const state = initial(POLICY, ms(at));
  return {
    ...state,
    estimate: {
      ...state.estimate,
      baselines: heardAt.map((then) => ({
        ms: 20,
        at: ms(then),
        skewMs: null,
        leastMs: 20,
        leastFrom: ms(then),
      })),
    },
    evidence: { ...state.evidence, heardAt: ms(Math.max(...heardAt)) },
  };
}

describe("openWatch()", () => {
  const steady: Clock = {
    mono: () => ms(0),
    wall: () => 0 as WallMs,
    sleepUntil: () => Promise.resolve(),
  };

  function told(
    states: readonly ControlState[],
    clock = steady,
    isPinging = true,
    isSparse = false,
  ): string[] {
    const events: string[] = [];
    const watch = openWatch(["one", "two", "three"], clock, (event, detail) =>
      events.push([event, ...Object.values(detail)].join(" ")),
    );
    const probing = { pingerFault: isPinging ? null : "ended", isSparse };
    states.forEach((state, i) =>
      watch.look(states[i - 1] ?? state, state, probing),
    );
    return events;
  }

  it("reports lost measurement once, and its return (CTRL-04)", () => {
    const states = [0, 500, 1000, 1050, 2000, 3000].map((at) =>
      stateAt(at, [0, 0]),
    );
    expect(told([...states, stateAt(3050, [3040, 0])])).to.deep.equal([
      "measurement_lost 1050",
      "measurement_back 3050",
    ]);
  });

  it("reports no gaps between answers that are rare, but a silence beyond them (CTRL-04)", () => {
    const lived = (untilMs: number, heardAt: (at: number) => number) =>
      Array.from({ length: untilMs / 300 }, (_, i) =>
        stateAt(300 * i, [heardAt(300 * i), 0]),
      );
    const rare = lived(20_000, (at) => at - (at % 3300));
    expect(told(rare, steady, true, true)).to.deep.equal([]);
    const silent = lived(5_400, () => 0);
    expect(told(silent, steady, true, true)).to.deep.equal([
      "measurement_lost 5100",
    ]);
  });

  it("reports one reflector that is silent while others answer, and its return", () => {
    expect(
      told([
        stateAt(5000, [0, 4990]),
        stateAt(5050, [0, 5040]),
        stateAt(6000, [0, 5990]),
        stateAt(6050, [6045, 6000]),
      ]),
    ).to.deep.equal(["reflector_lost one 5050", "reflector_back one 6045"]);
  });

  it("CTRL-04: blames no reflector for pings that are filtered, measured by handshakes meanwhile", () => {
    const filtered = Array.from({ length: 20 }, (_, i) => 500 * i).map((at) =>
      stateAt(at, [0, 0, 0, at, at, at]),
    );
    const back = stateAt(10_000, [9_990, 0, 0, 9_990, 0, 0]);
    const all = stateAt(10_300, [10_290, 10_240, 10_190, 9_990, 0, 0]);
    expect(told([...filtered, back, all])).to.deep.equal([]);
  });

  it("CTRL-04: when an outage ends, blames no reflector for it, and takes none back that is still away", () => {
    const each500 = (from: number, to: number) =>
      Array.from({ length: (to - from) / 500 }, (_, i) => from + 500 * i);
    const away = each500(0, 12_500).map((at) => stateAt(at, [0, at, at]));
    const outage = each500(12_500, 20_500).map((at) =>
      stateAt(at, [0, 12_000, 12_000]),
    );
    expect(
      told([
        ...away,
        ...outage,
        stateAt(20_050, [0, 20_045, 12_000]),
        stateAt(20_100, [0, 20_045, 20_095]),
      ]),
    ).to.deep.equal([
      "reflector_lost one 5500",
      "measurement_lost 1500",
      "measurement_back 8050",
    ]);
  });

  it("CTRL-04: reports that it stood still, how long, and blames nobody for not having been heard", () => {
    const asleep = stateAt(12_000, [1_990, 1_960]);
    const resumed = {
      ...asleep,
      evidence: { ...asleep.evidence, restedAt: ms(12_000) },
    };
    expect(
      told([
        stateAt(2_000, [1_990, 1_960]),
        resumed,
        stateAt(12_050, [12_045, 1_960]),
        stateAt(12_100, [12_045, 12_095]),
      ]),
    ).to.deep.equal(["paused 10000"]);
  });

  it("CTRL-04: blames no reflector while nobody pings", () => {
    const some = Array.from({ length: 14 }, (_, i) =>
      stateAt(500 * i, [0, 500 * i]),
    );
    expect(told(some, steady, false)).to.deep.equal([]);
    expect(told(some)).to.deep.equal(["reflector_lost one 5500"]);
  });

  it("blames no reflector for a silence of all", () => {
    expect(told([stateAt(9000, [0, 0])])).to.deep.equal([
      "measurement_lost 9000",
    ]);
  });

  it("reports a wall clock that steps, not one that drifts", () => {
    let wall = 0;
    const clock: Clock = {
      ...steady,
      wall: () => (wall += wall === 0 ? 1 : wall > 1 ? 900 : 90_000) as WallMs,
    };
    expect(
      told(
        [1, 2, 3].map((at) => stateAt(at, [at, at])),
        clock,
      ),
    ).to.deep.equal(["clock_stepped 90000"]);
  });
});
