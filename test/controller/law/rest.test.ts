import { expect } from "chai";
import fc from "fast-check";
import { initial, step } from "../../../controller/law/control.js";
import { silenceMs } from "../../../controller/law/evidence.js";
import type { Reading } from "../../../controller/law/inputs.js";
import { DIRECTIONS } from "../../../shared/contract/direction.js";
import { later, type MonoMs } from "../../../shared/runtime/clock.js";
import { controlState, NOW, POLICY } from "../../fakes/states.js";

const ASLEEP: Reading = { kind: "asleep", replies: [], lost: 0, traffic: [] };

const reply = (reflector: number, sentAt: MonoMs, rttMs: number) => ({
  ...{ reflector, sentAt, receivedAt: later(sentAt, rttMs), rttMs },
  oneWayMs: null,
});

describe("a pause of the probes", () => {
  it("CTRL-03, CTRL-04: is not silence, however long: no rate is lowered, no baseline forgotten", () => {
    const elapsed = fc.double({ min: 50, max: 600_000, noNaN: true });
    fc.assert(
      fc.property(controlState(), elapsed, (state, elapsedMs) => {
        const after = step(state, ASLEEP, later(NOW, elapsedMs), POLICY);
        expect(after.estimate).to.deep.equal(state.estimate);
        if (state.evidence.heardAt === null) return;
        expect(silenceMs(after.evidence, after.at)).to.equal(0);
        for (const direction of DIRECTIONS)
          expect(after.rate[direction].cause).not.to.be.oneOf([
            "silence",
            "blackout",
          ]);
      }),
    );
  });

  it("keeps what comes after it as evidence, a round each second", () => {
    let state = initial(POLICY, 0 as MonoMs);
    for (let beat = 1; beat <= 200; beat++) {
      const now = (beat * 50) as MonoMs;
      const place = beat % 20;
      const reading: Reading =
        place < 6
          ? {
              ...ASLEEP,
              kind: "reply",
              replies: [reply(place, later(now, -30), 20 + place)],
            }
          : ASLEEP;
      state = step(state, reading, now, POLICY);
      expect(state.rate.download.cause).not.to.equal("silence");
      // all of the last round, whenever it is looked at
      if (beat > 20) expect(state.evidence.samples.length).to.be.at.least(6);
    }
    expect(state.estimate.baselines.map((each) => each?.ms)).to.deep.equal([
      20, 21, 22, 23, 24, 25,
    ]);
    expect(state.state).to.deep.equal({ download: "GREEN", upload: "GREEN" });
  });
});
