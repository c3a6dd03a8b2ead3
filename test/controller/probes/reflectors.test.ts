import { expect } from "chai";
import fc from "fast-check";
import {
  judgeReflectors,
  missed,
  openReflectors,
  type Reflectors,
  type Replacement,
  replied,
} from "../../../controller/probes/reflectors.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

const ms = (value: number): MonoMs => value as MonoMs;
const SPACING_MS = 50;

/** What becomes of a probe to a reflector: its RTT, or null. */
type Fate = (reflector: number, turn: number) => number | null;

/** Probes in turns for some time; a fate is known at once. */
function probe(
  from: Reflectors,
  turns: number,
  fate: Fate,
  startMs = 0,
): { after: Reflectors; replacements: (Replacement & { atMs: number })[] } {
  let reflectors = from;
  const replacements: (Replacement & { atMs: number })[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const place = reflectors.probed[turn % reflectors.probed.length]!;
    const rttMs = fate(place, turn);
    reflectors =
      rttMs === null
        ? missed(reflectors, place)
        : replied(reflectors, place, rttMs);
    const atMs = startMs + turn * SPACING_MS;
    const { after, replacement } = judgeReflectors(reflectors, ms(atMs));
    reflectors = after;
    if (replacement !== null) replacements.push({ ...replacement, atMs });
  }
  return { after: reflectors, replacements };
}

const MINUTE_TURNS = 60_000 / SPACING_MS;
const near: Fate = (place) => 20 + place;

describe("the reflectors that are probed", () => {
  it("are the first six, and stay while they do well", () => {
    const { after, replacements } = probe(
      openReflectors(9, ms(0)),
      5 * MINUTE_TURNS,
      near,
    );
    expect(after.probed).to.deep.equal([0, 1, 2, 3, 4, 5]);
    expect(replacements).to.deep.equal([]);
  });

  for (const [fault, what, fate] of [
    ["loss", "that is dead", () => null],
    [
      "loss",
      "that answers two of three",
      (turn: number) => ((turn / 6) % 3 < 1 ? null : 20),
    ],
    ["distance", "that is far off the others", () => 120],
    [
      "jitter",
      "that answers when it likes",
      (turn: number) => 20 + ((turn / 6) % 2 < 1 ? 0 : 30),
    ],
  ] as const)
    it(`lose one ${what}: ${fault}`, () => {
      const { after, replacements } = probe(
        openReflectors(7, ms(0)),
        MINUTE_TURNS - 1,
        (place, turn) => (place === 2 ? fate(turn) : near(place, turn)),
      );
      expect(
        replacements.map(({ gone, come, fault: why }) => [gone, come, why]),
      ).to.deep.equal([[2, 6, fault]]);
      expect(after.probed).to.deep.equal([0, 1, 6, 3, 4, 5]);
    });

  it("lose a dead one within three seconds", () => {
    const { replacements } = probe(
      openReflectors(6, ms(0)),
      MINUTE_TURNS - 1,
      (place, turn) => (place === 2 ? null : near(place, turn)),
    );
    expect(replacements[0]).to.include({ gone: 2, come: null });
    expect(replacements[0]?.atMs).to.be.at.most(3_000);
  });

  it("CTRL-04: take one back after ten seconds, and after twice as long each time", () => {
    const { replacements } = probe(
      openReflectors(6, ms(0)),
      40 * MINUTE_TURNS,
      (place, turn) => (place === 2 ? null : near(place, turn)),
    );
    const apart = replacements
      .slice(1)
      .map(({ atMs }, i) =>
        Math.floor((atMs - replacements[i]!.atMs) / 10_000),
      );
    expect(apart).to.deep.equal([1, 2, 4, 8, 16, 32, 64]);
    const { after } = probe(
      openReflectors(6, ms(0)),
      2 * MINUTE_TURNS,
      (place, turn) => (place === 2 && turn < 100 ? null : near(place, turn)),
    );
    expect(after.probed).to.have.members([0, 1, 2, 3, 4, 5]);
  });

  it("CTRL-04: take one back as soon as at first, where it did well for a minute and more between two absences", () => {
    const absences = [0, 400, 4_000, 8_000];
    const isAway = (turn: number) =>
      absences.some((at) => turn >= at && turn < at + 100);
    const awayMs = (turns: number) => {
      const { after } = probe(openReflectors(6, ms(0)), turns, (place, turn) =>
        place === 2 && isAway(turn) ? null : near(place, turn),
      );
      return after.standings[2]!.awayUntil - turns * SPACING_MS;
    };
    expect(awayMs(100)).to.be.within(5_000, 10_000);
    expect(awayMs(500)).to.be.within(15_000, 20_000);
    expect(awayMs(4_100)).to.be.within(5_000, 10_000);
    expect(awayMs(8_100)).to.be.within(5_000, 10_000);
  });

  it("stay whatever the line does to all of them: a queue, losses, an outage", () => {
    // per second of the line: everything lost, or a queue before it
    const line = fc.array(
      fc.option(fc.double({ min: 0, max: 3_000, noNaN: true }), { freq: 3 }),
      { minLength: 1, maxLength: 120 },
    );
    fc.assert(
      fc.property(line, (seconds) => {
        const { replacements } = probe(
          openReflectors(8, ms(0)),
          seconds.length * 20,
          (place, turn) => {
            const queueMs = seconds[Math.floor(turn / 20)] ?? null;
            return queueMs === null ? null : near(place, turn)! + queueMs;
          },
        );
        expect(replacements).to.deep.equal([]);
      }),
    );
  });

  it("CTRL-04: take one back to stay where the path became longer for all while it was away", () => {
    const alone = probe(openReflectors(6, ms(0)), 100, (place) =>
      place === 2 ? null : 20,
    );
    expect(alone.after.probed).not.to.include(2);
    const { after, replacements } = probe(
      alone.after,
      MINUTE_TURNS,
      () => 240,
      100 * SPACING_MS,
    );
    expect(after.probed).to.have.members([0, 1, 2, 3, 4, 5]);
    expect(replacements).to.deep.equal([]);
  });

  it("are never fewer than three nor more than six, each once, and none before its time is over", () => {
    const fates = fc.array(
      fc.array(fc.option(fc.integer({ min: 1, max: 500 })), {
        minLength: 9,
        maxLength: 9,
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 1, max: 9 }), fates),
        ([count, all]) => {
          let reflectors = openReflectors(count, ms(0));
          all.forEach((rtts, second) => {
            const startMs = second * 10_000;
            ({ after: reflectors } = probe(
              reflectors,
              200,
              (place) => rtts[place] ?? null,
              startMs,
            ));
            const { probed, standings } = reflectors;
            expect(probed.length).to.be.within(
              Math.min(3, count),
              Math.min(6, count),
            );
            expect(new Set(probed).size).to.equal(probed.length);
            for (const place of probed)
              expect(standings[place]!.awayUntil).to.be.at.most(
                startMs + 10_000,
              );
          });
        },
      ),
    );
  });
});
