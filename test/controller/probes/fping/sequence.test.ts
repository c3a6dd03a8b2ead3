import { expect } from "chai";
import fc from "fast-check";
import {
  type FpingReply,
  openSequence,
} from "../../../../controller/probes/fping/fping.js";
import type { MonoMs } from "../../../../shared/runtime/clock.js";

const ms = (value: number): MonoMs => value as MonoMs;
const BOOKS = { reflectors: 2, spacingMs: 50, periodMs: 100, lossMs: 300 };

/** Probe `seq` to `reflector`, sent on the grid, answered after `rttMs`. */
const echo = (reflector: number, seq: number, rttMs: number): FpingReply => {
  const sentAt = ms(reflector * 50 + seq * 100);
  return {
    reflector,
    seq,
    rttMs,
    oneWayMs: null,
    sentAt,
    receivedAt: ms(sentAt + rttMs),
  };
};

describe("openLedger()", () => {
  it("hands each reply over once (DATA-01)", () => {
    const ledger = openSequence(ms(0), BOOKS);
    ledger.enter(echo(0, 0, 20));
    expect(ledger.settle(ms(50)).replies).to.have.lengthOf(1);
    expect(ledger.settle(ms(100))).to.deep.equal({
      kind: "none_yet",
      replies: [],
      lost: 0,
    });
  });

  it("waits for the deadline before it speaks of loss, and counts each loss once (DATA-01)", () => {
    // sent:  0:0  1:50  0:100  1:150 ...   nobody answers; deadline 300
    const ledger = openSequence(ms(0), BOOKS);
    expect(ledger.settle(ms(299)).kind).to.equal("none_yet");
    expect(ledger.settle(ms(301))).to.deep.equal({
      kind: "lost",
      replies: [],
      lost: 1,
    });
    expect(ledger.settle(ms(349))).to.deep.equal({
      kind: "none_yet",
      replies: [],
      lost: 0,
    });
    expect(ledger.settle(ms(1000)).lost).to.equal(14);
  });

  it("knows a loss by the silence alone: the pinger prints nothing without a route", () => {
    const ledger = openSequence(ms(0), BOOKS);
    for (let seq = 0; seq < 10; seq++) ledger.enter(echo(0, seq, 20));
    expect(ledger.settle(ms(1000)).lost, "the other one's").to.equal(7);
  });

  it("counts a late answer as a reply all the same: a long queue is no silence", () => {
    const ledger = openSequence(ms(0), BOOKS);
    expect(ledger.settle(ms(310)).lost).to.equal(1);
    ledger.enter(echo(0, 0, 2_000));
    expect(ledger.settle(ms(2_000)).kind).to.equal("reply");
  });

  it("orders replies by arrival", () => {
    const ledger = openSequence(ms(0), BOOKS);
    ledger.enter(echo(0, 1, 50));
    ledger.enter(echo(1, 0, 20));
    expect(
      ledger.settle(ms(200)).replies.map((reply) => reply.receivedAt),
    ).to.deep.equal([70, 150]);
  });

  it("is bounded, whatever is entered", () => {
    const ledger = openSequence(ms(0), BOOKS);
    for (let i = 0; i < 10_000; i++) ledger.enter(echo(0, i, 20));
    expect(ledger.settle(ms(1)).replies.length).to.be.at.most(256);
    expect(ledger.settle(ms(1e9)).lost, "after a standstill").to.be.at.most(
      2 * 257,
    );
  });

  it("counts every probe as answered or lost, never both, for probes on the grid", () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: 1, max: 299 }), { freq: 3 }), {
          minLength: 1,
          maxLength: 40,
        }),
        (rtts) => {
          const ledger = openSequence(ms(0), {
            ...BOOKS,
            reflectors: 1,
            spacingMs: 100,
          });
          const arrivals = rtts.flatMap((rtt, seq) =>
            rtt === null ? [] : [echo(0, seq, rtt)],
          );
          let [replies, lost] = [0, 0];
          const end = rtts.length * 100 + 300;
          for (let now = 50; now < end; now += 50) {
            for (const arrival of arrivals)
              if (arrival.receivedAt > now - 50 && arrival.receivedAt <= now)
                ledger.enter(arrival);
            const answers = ledger.settle(ms(now));
            replies += answers.replies.length;
            lost += answers.lost;
          }
          expect([replies, lost]).to.deep.equal([
            arrivals.length,
            rtts.length - arrivals.length,
          ]);
        },
      ),
    );
  });
});
