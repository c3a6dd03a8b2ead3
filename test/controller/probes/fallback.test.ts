import { expect } from "chai";
import fc from "fast-check";
import {
  type Fallback,
  isVain,
  nextFallback,
  noFallback,
} from "../../../controller/probes/with-fallback.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

const ms = (value: number) => value as MonoMs;

/** What pings and the other say in a second, from its sixth beat on. */
const SECONDS = {
  p: { pings: true, others: false },
  o: { pings: false, others: true },
  b: { pings: true, others: true },
  "-": { pings: false, others: false },
} as const;
const NOBODY = SECONDS["-"];

const mark = ({ isTried, isNeeded }: Fallback) =>
  isNeeded ? "needed" : isTried ? "tried" : "off";

/** How it is after each second. */
function lived(seconds: string): string {
  let now = 0;
  let state = noFallback(ms(0));
  return Array.from(seconds)
    .map((second) => {
      const heard = SECONDS[second as keyof typeof SECONDS];
      for (let beat = 0; beat < 20; beat++)
        state = nextFallback(
          state,
          beat < 5 ? NOBODY : heard,
          0,
          ms((now += 50)),
        );
      return mark(state);
    })
    .join(" ");
}

describe("follow()", () => {
  for (const [title, seconds, expected] of [
    ["is off while pings are answered", "ppp", "off off off"],
    ["is tried after more than a second without", "p--", "off off tried"],
    ["is tried where pings were never answered", "--", "off tried"],
    [
      "is needed when the other alone is answered for a second",
      "p-ooo",
      "off off tried needed needed",
    ],
    [
      "is not needed by a line that was away and comes back",
      "p---bbbbbb",
      "off off tried tried tried tried tried tried tried off",
    ],
    [
      "is off after five seconds of pings",
      "p-oobbbbbb",
      "off off tried needed needed needed needed needed needed off",
    ],
  ] as const)
    it(`CTRL-04: ${title}`, () => {
      expect(lived(seconds)).to.equal(expected);
    });

  it("CTRL-04: no rest between rounds of pings is taken for a silence", () => {
    let state = noFallback(ms(0));
    for (let now = 0; now < 20_000; now += 50) {
      const isPinged = now % 2_000 === 0 || now % 2_000 === 1_150;
      const heard = isPinged ? SECONDS.p : NOBODY;
      state = nextFallback(state, heard, 1_000, ms(now));
      expect(state.isTried).to.equal(false);
    }
  });

  it("CTRL-04: what is needed is tried, and pings are in vain only then and never while they are answered", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...Object.values(SECONDS))),
        (beats) => {
          let state = noFallback(ms(0));
          beats.forEach((heard, i) => {
            state = nextFallback(state, heard, 0, ms(i * 300));
            if (state.isNeeded) expect(state.isTried).to.equal(true);
            if (isVain(state)) expect(state.isNeeded).to.equal(true);
            if (heard.pings) expect(isVain(state)).to.equal(false);
          });
        },
      ),
    );
  });
});
