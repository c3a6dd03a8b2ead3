import { expect } from "chai";
import fc from "fast-check";
import {
  FIRST_VIEW,
  lengthInLink,
  linkTo,
  type PageView,
  viewIn,
} from "../../../page/data/link.js";
import { LENGTH_MAX_MS, LENGTH_MIN_MS } from "../../../page/data/span.js";

const span = fc.oneof(
  fc.record({
    kind: fc.constant("last" as const),
    lengthMs: fc.integer({ min: LENGTH_MIN_MS, max: LENGTH_MAX_MS }),
  }),
  fc
    .tuple(fc.nat({ max: 4e12 }), fc.integer({ min: 1, max: LENGTH_MAX_MS }))
    .map(([fromMs, lengthMs]) => ({
      kind: "fixed" as const,
      fromMs,
      toMs: fromMs + lengthMs,
    })),
);
const wans = fc.option(
  fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/), { minLength: 1 }),
);

describe("viewIn()", () => {
  it("reads what linkTo() writes", () =>
    fc.assert(
      fc.property(
        fc.record({ span, wans }),
        (view: PageView) =>
          void expect(viewIn(linkTo(view))).to.deep.equal(view),
      ),
    ));

  for (const [hash, view] of [
    ["", FIRST_VIEW],
    ["#last=1h", { span: { kind: "last", lengthMs: 3_600_000 }, wans: null }],
    [
      "#from=1000&to=2025-06-15T14:00:00%2B02:00&wan=att",
      {
        span: { kind: "fixed", fromMs: 1_000, toMs: 1_749_988_800_000 },
        wans: ["att"],
      },
    ],
  ] as const)
    it(`reads '${hash}'`, () => expect(viewIn(hash)).to.deep.equal(view));

  for (const [hash, words] of [
    ["#lats=1h", "'lats' of the link: unknown, known here: last"],
    [
      "#last=1h&to=5",
      "'last' of the link: must not be combined with from or to",
    ],
    ["#last=0s", 'must be a duration from 1s to 400d: got "0s"'],
    ["#last=401d", "must be a duration from 1s to 400d"],
    ["#from=5", "'to' of the link: must be ms since 1970"],
    ["#from=5&to=5", "must be before to"],
    ["#from=yesterday&to=5", 'got "yesterday"'],
    ["#from=2025-06-15T14:00&to=5", "with a time zone"],
    ["#wan=A", "must be the name of a WAN"],
  ] as const)
    it(`says what is wrong with '${hash}'`, () =>
      expect(() => viewIn(hash)).to.throw(words));
});

describe("lengthText()", () => {
  for (const [ms, text] of [
    [60_000, "1m"],
    [90_000, "90s"],
    [365 * 86_400_000, "1y"],
    [1_500, "1.5s"],
  ] as const)
    it(`calls ${ms} ms ${text}`, () => expect(lengthInLink(ms)).to.equal(text));
});
