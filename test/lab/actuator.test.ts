import { expect } from "chai";
import fc from "fast-check";
import { openRandom } from "../../controller/simulation/random.js";
import { openLabActuator, openLabTc } from "../../lab/actuator.js";

describe("openActuator()", () => {
  it("applies rates a millisecond later with tc, and counts what changed", () => {
    const tc = openLabTc();
    tc.request({ download: 10, upload: 5 }, 100);
    expect(tc.pass(100).download).to.equal(Infinity);
    expect(tc.pass(101)).to.deep.equal({ download: 10, upload: 5 });
    tc.request({ download: 10, upload: 6 }, 102);
    expect(tc.writes()).to.equal(3);
  });

  // one request at a time, at most two begin in any second; what was requested last arrives in the end unless it is a small raise
  it("keeps to two writes a second with RouterOS, whatever is requested", () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.integer({ min: 1, max: 99 }),
            fc.integer({ min: 1, max: 99 }),
          ),
          {
            minLength: 1,
            maxLength: 80,
          },
        ),
        fc.integer(),
        (requests, seed) => {
          const actuator = openLabActuator("routeros", openRandom(seed, "api"));
          const begunMs: number[] = [];
          const step = (nowMs: number, act: () => void) => {
            const before = actuator.writes();
            act();
            for (let i = before; i < actuator.writes(); i++)
              begunMs.push(nowMs);
          };
          let nowMs = 0;
          const last = requests.at(-1)!;
          const until = (endMs: number, desired: readonly [number, number]) => {
            for (; nowMs < endMs; nowMs += 50) {
              step(nowMs, () =>
                actuator.request(
                  { download: desired[0], upload: desired[1] },
                  nowMs,
                ),
              );
              while (actuator.nextMs() < nowMs + 50) {
                const due = actuator.nextMs();
                step(due, () => actuator.pass(due));
              }
            }
          };
          for (const desired of requests) until(nowMs + 50, desired);
          until(nowMs + 6000, last);
          for (const [i, ms] of begunMs.entries())
            expect((begunMs[i + 2] ?? Infinity) - ms).to.be.at.least(1000);
          const rates = actuator.pass(nowMs);
          expect(rates.download).to.be.within(last[0] / 1.02, last[0]);
          expect(rates.upload).to.be.within(last[1] / 1.02, last[1]);
        },
      ),
      { numRuns: 50 },
    ));

  it("writes with RouterOS whatever a policy with a pace of its own requests, as soon as a request is over", () => {
    const random = openRandom(1, "api");
    const actuator = openLabActuator("routeros", random, true);
    for (let nowMs = 0; nowMs < 1000; nowMs += 50) {
      actuator.request({ download: 1000 + nowMs, upload: 5 }, nowMs);
      while (actuator.nextMs() < nowMs + 50) actuator.pass(actuator.nextMs());
    }
    expect(actuator.writes()).to.be.above(10);
  });

  it("sends a cut before a raise, and what is desired when the request is over", () => {
    const actuator = openLabActuator("routeros", openRandom(1, "api"));
    actuator.request({ download: 50, upload: 50 }, 0);
    while (actuator.nextMs() < Infinity) actuator.pass(actuator.nextMs());
    actuator.request({ download: 99, upload: 20 }, 5000);
    actuator.request({ download: 99, upload: 10 }, 5001);
    const firstMs = actuator.nextMs();
    expect(firstMs - 5000).to.be.within(15, 50);
    expect(actuator.pass(firstMs)).to.deep.equal({ download: 50, upload: 20 });
    expect(actuator.pass(actuator.nextMs()).upload).to.equal(10);
  });
});
