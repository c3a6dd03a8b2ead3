import { expect } from "chai";
import fc from "fast-check";
import type { IcmpAnswer } from "../../../controller/probes/icmp/packet.js";
import {
  openOutstanding,
  type Probe,
} from "../../../controller/probes/outstanding.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

const ms = (value: number): MonoMs => value as MonoMs;
const ID = 4711;
const LOSS_MS = 300;

/** Probe `n`, sent on a grid of 50 ms. */
const probe = (n: number): Probe => ({
  ask: "echo",
  id: ID,
  seq: n % 65_536,
  originateMs: n,
  reflector: n % 2,
  address: `192.0.2.${n % 2}`,
  sentAt: ms(n * 50),
});
const answer = (n: number, but: Partial<IcmpAnswer> = {}): IcmpAnswer => ({
  ...{ ask: "echo", id: ID, seq: n % 65_536, originateMs: n },
  ...{ from: `192.0.2.${n % 2}`, times: null },
  ...but,
});

describe("openFlight()", () => {
  it("lands each probe once (DATA-01)", () => {
    const flight = openOutstanding(ID, LOSS_MS);
    flight.launch(probe(0));
    expect(flight.land(answer(0))).to.deep.equal(probe(0));
    expect(flight.land(answer(0))).to.equal("duplicate");
    expect(flight.overdue(ms(10_000))).to.deep.equal([]);
  });

  for (const [what, but] of [
    ["another program's question", { id: ID + 1 }],
    ["another reflector", { from: "192.0.2.9" }],
    ["another kind of question", { ask: "timestamps" }],
    ["a question of another time", { originateMs: 9 }],
  ] as const)
    it(`takes the answer to ${what} for a foreign one`, () => {
      const flight = openOutstanding(ID, LOSS_MS);
      flight.launch(probe(0));
      expect(flight.land(answer(0, but))).to.equal("foreign");
      expect(flight.land(answer(0)), "the true one still counts").to.deep.equal(
        probe(0),
      );
    });

  it("counts a loss at its deadline, once; an answer after it is still a reply", () => {
    const flight = openOutstanding(ID, LOSS_MS);
    flight.launch(probe(0));
    expect(flight.overdue(ms(LOSS_MS - 1))).to.deep.equal([]);
    expect(flight.overdue(ms(LOSS_MS))).to.deep.equal([probe(0)]);
    expect(flight.overdue(ms(LOSS_MS + 1))).to.deep.equal([]);
    expect(flight.land(answer(0))).to.deep.equal(probe(0));
  });

  it("forgets after five seconds, so that a seq may come round again", () => {
    const flight = openOutstanding(ID, LOSS_MS);
    flight.launch(probe(0));
    flight.launch(probe(100));
    expect(flight.land(answer(0))).to.equal("late");
    for (let n = 101; n <= 65_536; n++) flight.launch(probe(n));
    expect(flight.land(answer(0)), "the old one").to.equal("foreign");
    expect(flight.land(answer(65_536))).to.deep.equal(probe(65_536));
  });

  it("counts every probe as answered or lost, never both, for answers before the deadline (DATA-01)", () => {
    const rtts = fc.array(
      fc.option(fc.integer({ min: 0, max: LOSS_MS - 1 }), { freq: 3 }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(rtts, (all) => {
        const flight = openOutstanding(ID, LOSS_MS);
        let [landed, lost] = [0, 0];
        for (let now = 0; now <= all.length * 50 + LOSS_MS; now++) {
          if (now % 50 === 0 && now / 50 < all.length)
            flight.launch(probe(now / 50));
          all.forEach((rtt, n) => {
            if (
              rtt !== null &&
              n * 50 + rtt === now &&
              typeof flight.land(answer(n)) !== "string"
            )
              landed++;
          });
          lost += flight.overdue(ms(now)).length;
        }
        const silent = all.filter((rtt) => rtt === null).length;
        expect([landed, lost]).to.deep.equal([all.length - silent, silent]);
      }),
    );
  });
});
