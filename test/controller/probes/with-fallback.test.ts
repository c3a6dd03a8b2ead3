import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { expect } from "chai";
import fc from "fast-check";
import type { Reply } from "../../../controller/law/inputs.js";
import {
  HANDSHAKE_BITS,
  openBudget,
} from "../../../controller/probes/budget.js";
import {
  type Answers,
  answersOf,
  type Pinger,
} from "../../../controller/probes/pinger.js";
import { connectOnce, openTcp } from "../../../controller/probes/tcp/tcp.js";
import {
  nextSparse,
  notSparse,
  withFallback,
} from "../../../controller/probes/with-fallback.js";
import { openRandom } from "../../../controller/simulation/random.js";
import {
  later,
  type MonoMs,
  msSince,
  systemClock,
} from "../../../shared/runtime/clock.js";
import { until } from "../../fakes/until.js";

const ANYWAY = { source: null, interface: null };
const PROBE = {
  ...ANYWAY,
  reflectors: ["127.0.0.1", "127.0.0.2"],
  spacingMs: 50,
  lossMs: 1000,
  method: "echo" as const,
};

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) =>
    socket.on("error", () => undefined),
  ).listen(0, "0.0.0.0");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** A pinger that answers when told to. */
function handPinger() {
  const rests: (number | null)[] = [];
  let next: Answers = answersOf([], 0);
  const pinger: Pinger = {
    take: () => next,
    rest: (roundMs) => rests.push(roundMs),
    forget: () => undefined,
    fault: () => null,
    view: () => ({}),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const answer = (rttMs: number | null) => {
    const receivedAt = systemClock.mono();
    const sentAt = later(receivedAt, -(rttMs ?? 0));
    const reply = { reflector: 0, sentAt, receivedAt, oneWayMs: null };
    next = answersOf(rttMs === null ? [] : [{ ...reply, rttMs }], 0);
  };
  return { pinger, rests, answer };
}

const backedBy = (pinger: Pinger, port: number, budgetBps = 1e5) =>
  withFallback(
    pinger,
    "tcp",
    openTcp(PROBE, port, systemClock, {
      addresses: { of: (reflector) => PROBE.reflectors[reflector] ?? null },
      budget: openBudget(budgetBps, systemClock.mono()),
    }),
    PROBE,
    systemClock,
  );

describe("shakeHands()", () => {
  it("has the RTT that the kernel measured, or an end without one", async () => {
    const { server, port } = await listening();
    using open = connectOnce(ANYWAY, "127.0.0.1", port)!;
    const rttMs = await until(() => {
      const seen = open.look();
      return seen === "pending" ? null : seen;
    });
    expect(rttMs).to.be.within(0.001, 900);
    server.close();
    await once(server, "close");
    using refused = connectOnce(ANYWAY, "127.0.0.1", port)!;
    expect(
      await until(() => {
        const seen = refused.look();
        return seen === "pending" ? null : seen;
      }),
    ).to.equal("over");
  });

  it("leaves by its source, and not by one that is not there", () => {
    const way = { ...ANYWAY, source: "192.0.2.77" };
    expect(() => connectOnce(way, "127.0.0.1", 9)).to.throw(
      /TCP socket: source '192.0.2.77'/,
    );
  });
});

describe("withHandshakes()", () => {
  const inVain = (rests: readonly unknown[]) => rests.at(-1) !== null;

  it("CTRL-04: measures by TCP while pings are filtered, as other reflectors, and pings again when they are back", async () => {
    const { server, port } = await listening();
    const { pinger, rests, answer } = handPinger();
    await using backed = backedBy(pinger, port);
    expect(backed.isFallback).to.equal(false);
    const replies: Reply[] = [];
    await until(() => {
      replies.push(...backed.take(systemClock.mono()).replies);
      return replies.length >= 4 || null;
    });
    expect(backed.isFallback).to.equal(true);
    expect(inVain(rests)).to.equal(true);
    expect(new Set(replies.map(({ reflector }) => reflector))).to.deep.equal(
      new Set([2, 3]),
    );
    for (const { rttMs, sentAt, receivedAt } of replies)
      expect(receivedAt - sentAt).to.be.closeTo(rttMs, 1e-6);

    await until(() => {
      answer(0.01);
      backed.take(systemClock.mono());
      expect(inVain(rests)).to.equal(false);
      return backed.isFallback ? null : true;
    });
    server.close();
  });

  it("CTRL-04: keeps to its budget: two handshakes a second where it has room for no more", async () => {
    const { server, port } = await listening();
    let connections = 0;
    server.on("connection", () => connections++);
    const { pinger } = handPinger();
    await using backed = backedBy(pinger, port, 2 * HANDSHAKE_BITS);
    await until(() => {
      backed.take(systemClock.mono());
      return connections || null;
    });
    const begun = systemClock.mono();
    await until(() => {
      backed.take(systemClock.mono());
      return connections >= 5 || null;
    });
    // the bucket holds two; the third and later ones come each half second
    expect(msSince(begun, systemClock.mono())).to.be.above(1_200);
    server.close();
  });

  it("CTRL-04: believes nobody who answers sooner than the reflector itself can", async () => {
    const { server, port } = await listening();
    const { pinger, answer } = handPinger();
    await using backed = backedBy(pinger, port);
    answer(500);
    backed.take(systemClock.mono());
    answer(null);
    const replies: Reply[] = [];
    await until(() => {
      replies.push(...backed.take(systemClock.mono()).replies);
      return replies.length >= 3 || null;
    });
    // the first was pinged, and loopback is nearer than that; of the second nothing is known
    expect(new Set(replies.map(({ reflector }) => reflector))).to.deep.equal(
      new Set([3]),
    );
    server.close();
  });
});

/** When it is found sparse, and when no longer, in seconds: beats of 50 ms in which as many are answered as told. */
function edges(seconds: number, answersAt: (beat: number) => number) {
  let state = notSparse(0 as MonoMs);
  const found: number[] = [];
  for (let beat = 1; beat <= 20 * seconds; beat++) {
    const now = (50 * beat) as MonoMs;
    const { isSparse } = state;
    state = nextSparse(state, answersAt(beat), false, 50, now);
    if (state.isSparse !== isSparse) found.push(now / 1e3);
  }
  return found;
}

/** One answer so often. */
const each = (ms: number) => (beat: number) =>
  Math.floor((50 * beat) / ms) - Math.floor((50 * (beat - 1)) / ms);
/** Six answers in 300 ms, so often. */
const rounds = (ms: number) => (beat: number) =>
  (50 * beat) % ms < 300 ? 1 : 0;

describe("followAnswers()", () => {
  for (const [title, answersAt] of [
    ["three a second", each(333)],
    ["one a second", each(1000)],
    ["0.3 a second", each(3333)],
    ["one a second of each reflector, all at once", rounds(1000)],
  ] as const)
    it(`CTRL-04: finds ${title} too few once, and never takes it back while it lasts`, () => {
      const found = edges(120, answersAt);
      expect(found).to.have.lengthOf(1);
      expect(found[0]).to.be.below(20);
    });

  it("CTRL-04: finds ten a second enough, and whatever is lost of a line's at random up to a fifth", () => {
    expect(edges(120, each(100))).to.deep.equal([]);
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = openRandom(seed, "losses");
        const isLucky = () => random.uniform() > 0.2;
        expect(edges(60, () => (isLucky() ? 1 : 0))).to.deep.equal([]);
      }),
    );
  });

  it("CTRL-04: takes no outage for it, however long, nor two of them", () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (one, two) => {
        const isOut = (beat: number) =>
          (beat > 100 && beat < 100 + one) || (beat > 700 && beat < 700 + two);
        expect(edges(60, (beat) => (isOut(beat) ? 0 : 1))).to.deep.equal([]);
      }),
    );
  });

  it("CTRL-04: ends when there are enough again, not before ten seconds of them", () => {
    const few = each(1000);
    const [, back] = edges(60, (beat) => (beat < 600 ? few(beat) : 1));
    expect(back).to.be.within(40, 47);
  });
});
