import { expect } from "chai";
import fc from "fast-check";
import {
  answered,
  type ProbeType,
  isLoss,
  type Method,
  nextProbeType,
  TRIAL,
  unanswered,
} from "../../../../controller/probes/icmp/packet.js";
import type { MonoMs } from "../../../../shared/runtime/clock.js";

const ms = (value: number): MonoMs => value as MonoMs;
const TURN_MS = 300;

/** Asks a reflector `turns` times; an answer comes at once, silence is noticed at once. */
function ask(
  before: Method,
  turns: number,
  answers: (ask: ProbeType, turn: number) => boolean,
  from = 0,
): { method: Method; asked: ProbeType[]; losses: number } {
  let method = before;
  let losses = 0;
  const asked: ProbeType[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const now = ms(from + turn * TURN_MS);
    const next = nextProbeType(method, now);
    asked.push(next.ask);
    method = answers(next.ask, turn)
      ? answered(next.after, next.ask, now)
      : unanswered(next.after, next.ask);
    if (!answers(next.ask, turn) && isLoss(method, next.ask)) losses++;
  }
  return { method, asked, losses };
}

const always = () => true;
const never = () => false;
const echoesOnly = (one: ProbeType) => one === "echo";

describe("a method", () => {
  it("is timestamps where they are answered, from the third on", () => {
    const { method, asked } = ask(TRIAL, 7, always);
    expect(method.kind).to.equal("timestamps");
    expect(asked).to.deep.equal([
      ...["timestamps", "echo", "timestamps", "echo"],
      ...["timestamps", "timestamps", "timestamps"],
    ]);
  });

  it("is echo where only echoes are answered, and is tried again after five minutes", () => {
    const { method, losses } = ask(TRIAL, 6, echoesOnly);
    expect(method.kind).to.equal("echo");
    expect(losses, "the first question; then it is known").to.equal(1);
    expect(nextProbeType(method, ms(299_000)).ask).to.equal("echo");
    expect(nextProbeType(method, ms(302_000)).ask).to.equal("timestamps");
    expect(ask(method, 6, always, 302_000).method.kind).to.equal("timestamps");
  });

  it("is not decided by silence: it asks for both until somebody answers", () => {
    const { method, asked, losses } = ask(TRIAL, 100, never);
    expect(method.kind).to.equal("trial");
    expect(asked.filter((one) => one === "echo")).to.have.lengthOf(50);
    expect(losses, "all of them").to.equal(100);
  });

  it("comes back to timestamps after an outage", () => {
    const down = ask({ kind: "timestamps" }, 20, never).method;
    expect(ask(down, 6, always).method.kind).to.equal("timestamps");
  });

  it("leaves timestamps that are answered no more", () => {
    const { method } = ask({ kind: "timestamps" }, 10, echoesOnly);
    expect(method.kind).to.equal("echo");
  });

  it("never asks a reflector that echoes fewer than every other time for an echo it would answer", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1 }), (luck) => {
        const { asked } = ask(
          TRIAL,
          luck.length,
          (one, turn) => echoesOnly(one) && luck[turn] === true,
        );
        const echoes = asked.filter((one) => one === "echo").length;
        expect(echoes).to.be.at.least(Math.floor(luck.length / 2));
      }),
    );
  });
});
