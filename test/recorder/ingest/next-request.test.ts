import { expect } from "chai";
import fc from "fast-check";
import { nextRequest } from "../../../recorder/ingest/catch-up.js";

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

const hadTo = (isHad: (seq: number) => boolean) => (seq: number) =>
  isHad(seq) ? seq : null;

describe("nextWant()", () => {
  const nothing = () => false;
  const HELD = { first: 10, last: 40 };

  for (const [what, open, isHad, expected] of [
    ["nothing where nothing is open", [], nothing, null],
    [
      "the oldest hole",
      [
        [12, 14],
        [20, null],
      ],
      nothing,
      [12, 14],
    ],
    ["only what is held of it", [[1, 14]], nothing, [10, 14]],
    ["nothing that is no longer held", [[1, 9]], nothing, null],
    ["nothing that is not yet surely held", [[41, null]], nothing, null],
    ["the end that is not known yet", [[39, null]], nothing, [39, 40]],
    ["so many at once", [[10, null]], nothing, [10, 19]],
    [
      "what is had neither at the front",
      [[12, 16]],
      (s: number) => s < 14,
      [14, 16],
    ],
    ["nor in the middle", [[12, 16]], (s: number) => s === 14, [12, 13]],
    [
      "the next hole where one is had",
      [
        [12, 14],
        [20, 21],
      ],
      (s: number) => s < 15,
      [20, 21],
    ],
  ] as const)
    it(`wants ${what}`, () => {
      const spans = open.map(([fromSeq, toSeq]) => ({ fromSeq, toSeq }));
      const want = nextRequest(spans, HELD, hadTo(isHad), 10);
      expect(want && [want.from, want.to]).to.deep.equal(expected);
    });

  it("leaps over what came in vain, be it ever so much (INTG-04)", () => {
    const last = 2 ** 36;
    const held = { first: 1, last };
    const open = [{ fromSeq: 1, toSeq: null }];
    const want = (to: number) =>
      nextRequest(open, held, (seq) => (seq <= to ? to : null), 500);
    expect(want(last)).to.equal(null);
    expect(want(last - 3)).to.deep.equal({ from: last - 2, to: last });
  });

  it("wants only what is open, held and not had, and something where there is any", () => {
    const seqs = fc.uniqueArray(fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(seqs, seqs, fc.nat(50), fc.nat(50), (stored, had, a, b) => {
        const held = { first: Math.min(a, b) + 1, last: Math.max(a, b) };
        const lacking = (seq: number) =>
          !stored.includes(seq) && !had.includes(seq);
        const open = range(1, 50)
          .filter((seq) => !stored.includes(seq))
          .map((seq) => ({ fromSeq: seq, toSeq: seq }));
        const want = nextRequest(
          open,
          held,
          hadTo((seq) => had.includes(seq)),
          500,
        );
        const could = range(held.first, held.last).filter(lacking);
        if (want === null) expect(could).to.be.empty;
        else {
          expect(want.from).to.equal(could[0]);
          expect(could).to.include.members(range(want.from, want.to));
        }
      }),
    );
  });
});
