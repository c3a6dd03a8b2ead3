import { expect } from "chai";
import fc from "fast-check";
import {
  conditionInWords,
  type Facts,
  standing,
  standingAt,
} from "../../../controller/condition/classification.js";
import { openConditionWatch } from "../../../controller/condition/condition-watch.js";
import { conditionCode, CONDITIONS } from "../../../shared/contract/state.js";
import {
  type Clock,
  later,
  type MonoMs,
  type WallMs,
} from "../../../shared/runtime/clock.js";

const ms = (value: number) => value as MonoMs;

const FINE: Facts = {
  ...{ link: "up", device: null, gateway: null, asked: 6 },
  ...{ isFallback: false, isSparse: false },
  ...{ silentMs: 20, answering: 6, receivedBps: 1e6, floorBps: 1e6 },
  ...{ unknown: [], isNameless: false, pingerFault: null },
};
const FEW: Facts = { ...FINE, answering: 2 };
const SILENT: Facts = { ...FINE, silentMs: 1_500, receivedBps: 0 };
const FILTERED: Facts = { ...FINE, silentMs: 2_500, receivedBps: 1e6 };
const FULL: Facts = { ...FINE, silentMs: 1_500, receivedBps: 1e6 };
const INSTEAD: Facts = { ...FINE, isFallback: true };
const SPARSE: Facts = { ...FINE, isSparse: true, silentMs: 3_300 };
const NO_PINGER: Facts = { ...FINE, isFallback: true, pingerFault: "ended" };
/** Next to nothing comes in, but not nothing. */
const LITTLE: Facts = { ...FILTERED, receivedBps: 64_000 };
const NAMELESS: Facts = {
  ...{ ...FILTERED, silentMs: Infinity, answering: 0 },
  ...{ unknown: ["one", "two"], isNameless: true },
};
const NEVER: Facts = { ...FILTERED, silentMs: Infinity };
const UNHEARD: Facts = { ...NEVER, receivedBps: 0 };
const DOWN: Facts = { ...FINE, silentMs: 4_000, receivedBps: 2_000 };
const GONE: Facts = { ...FINE, silentMs: 200, link: "gone", receivedBps: null };
/** Its answer is stamped a little after the beat. */
const ANSWERED: Facts = { ...FINE, silentMs: -5 };
const UNSEEN: Facts = { ...FINE, silentMs: 60_000, receivedBps: null };

/** The condition after each second of the facts, told twenty times a second. */
function lived(...seconds: readonly Facts[]): string[] {
  let now = ms(0);
  let state = standingAt(ms(-60_000));
  return seconds.map((facts) => {
    for (let beat = 0; beat < 20; beat++) {
      now = later(now, 50);
      state = standing(state, facts, now);
    }
    return state.condition;
  });
}

describe("standing()", () => {
  for (const [title, seconds, conditions] of [
    ["answers are measuring, at once", [FINE], "measuring"],
    [
      "fewer than three that answer are reduced, after a second",
      [FINE, FEW, FEW, FINE, FINE],
      "measuring measuring reduced reduced measuring",
    ],
    [
      "no answer and no traffic is silent, then line_down",
      [FINE, SILENT, DOWN, DOWN, FINE, FINE],
      "measuring silent line_down line_down line_down measuring",
    ],
    [
      "no answer while traffic passes is filtered",
      [FINE, FULL, FILTERED, FILTERED],
      "measuring silent silent filtered",
    ],
    [
      "no answer while less passes than the line always carries is silent",
      [FINE, FULL, LITTLE, LITTLE],
      "measuring silent silent silent",
    ],
    [
      "a line that is back is not filtered for the round trip until it answers",
      [FINE, SILENT, { ...FILTERED, silentMs: 4_000 }, FINE],
      "measuring silent silent measuring",
    ],
    [
      "filtered pings stay filtered on a line less used",
      [FINE, FULL, FILTERED, FILTERED, LITTLE, LITTLE, FINE, FINE],
      "measuring silent silent filtered filtered filtered filtered measuring",
    ],
    [
      "handshakes are all there is where nobody pings, and no ping is filtered for it",
      [FINE, NO_PINGER, { ...NO_PINGER, silentMs: 9_000 }],
      "measuring measuring silent",
    ],
    [
      "who can be asked at last is waited for like anybody",
      [NAMELESS, NAMELESS, NEVER, NEVER, NEVER, NEVER],
      "silent silent silent silent silent filtered",
    ],
    [
      "nobody that could be asked is silent, whatever comes in",
      [NAMELESS, NAMELESS, { ...NAMELESS, receivedBps: 0 }, FINE],
      "silent silent silent measuring",
    ],
    [
      "answers to something else than pings are filtered, as long as they are needed",
      [FINE, SILENT, INSTEAD, INSTEAD, FINE, FINE],
      "measuring silent silent filtered filtered measuring",
    ],
    [
      "answers too rare to control by are sparse, until there are enough",
      [
        FINE,
        SPARSE,
        SPARSE,
        { ...SPARSE, ...DOWN },
        SPARSE,
        SPARSE,
        FINE,
        FINE,
      ],
      "measuring measuring sparse sparse sparse sparse sparse measuring",
    ],
    [
      "an interface that is gone is no_link, whatever else there is",
      [FINE, GONE, FINE, FINE],
      "measuring no_link no_link measuring",
    ],
    [
      "without counters a silence stays one",
      [FINE, UNSEEN, UNSEEN, UNSEEN],
      "measuring silent silent silent",
    ],
  ] as const)
    it(`CTRL-04: ${title}`, () => {
      expect(lived(...seconds).join(" ")).to.equal(conditions);
    });

  const facts = () =>
    fc.constantFrom(
      FINE,
      ANSWERED,
      FEW,
      SILENT,
      FULL,
      FILTERED,
      LITTLE,
      NO_PINGER,
      NAMELESS,
      INSTEAD,
      SPARSE,
      DOWN,
      GONE,
      UNSEEN,
    );

  it("CTRL-04: the same facts for four seconds settle it, whatever was before", () => {
    fc.assert(
      fc.property(fc.array(facts()), facts(), (past, last) => {
        const four = Array<Facts>(4).fill(last);
        const settled = lived(...past, ...four).at(-1);
        expect(lived(...past, ...four, last).at(-1)).to.equal(settled);
      }),
    );
  });

  it("CTRL-04: at the start a line is not down before it was waited for", () => {
    let state = standingAt(ms(0));
    const at = (now: number) =>
      (state = standing(state, UNHEARD, ms(now))).condition;
    expect([50, 2_900, 3_050].map(at)).to.deep.equal([
      ...["silent", "silent"],
      "line_down",
    ]);
  });

  it("CTRL-04: says whether the gateway answers, where nobody else does", () => {
    const down = { condition: "line_down", from: ms(0) } as const;
    const words = (gateway: boolean | null) =>
      conditionInWords(down, { ...DOWN, gateway }, ms(9_000));
    expect(words(null)).to.match(/no traffic arrives$/);
    expect(words(true)).to.match(/; the gateway answers$/);
    expect(words(false)).to.match(/; the gateway does not answer either$/);
  });

  it("CTRL-04: says of a silence whose names are not known, and what comes in for all that", () => {
    const silent = { condition: "silent", from: ms(0) } as const;
    const words = (facts: Facts) => conditionInWords(silent, facts, ms(9_000));
    expect(words(NAMELESS)).to.equal(
      "no reflector can be probed; no address known for one, two",
    );
    expect(words(LITTLE)).to.match(
      /for 2.5 s; 0.06 Mbit\/s received, less than the floor of 1.00: /,
    );
    expect(words(UNSEEN)).to.equal("no reflector answered for 60.0 s");
  });

  it("CTRL-04: has words for all but measuring, from any facts", () => {
    fc.assert(
      fc.property(fc.array(facts()), facts(), (past, last) => {
        let state = standingAt(ms(0));
        past.forEach((each, i) => (state = standing(state, each, ms(i * 700))));
        const words = conditionInWords(state, last, ms(past.length * 700));
        expect(words === null).to.equal(state.condition === "measuring");
        expect(words ?? "").not.to.match(/NaN|Infinity|undefined|null|-0/);
      }),
    );
  });
});

describe("openConditionWatch()", () => {
  let now = 0;
  const clock: Clock = {
    mono: () => ms(now),
    wall: () => (1e12 + now) as WallMs,
    sleepUntil: () => Promise.resolve(),
  };

  function told(...seconds: readonly Facts[]) {
    now = 0;
    const said: string[] = [];
    const watch = openConditionWatch(
      clock,
      (event, detail) => said.push(`${event} ${JSON.stringify(detail)}`),
      (message) =>
        message.kind === "sample" &&
        said.push(`${message.metric} ${message.value}`),
    );
    for (const facts of seconds)
      for (let beat = 0; beat < 20; beat++) watch.look(facts, ms((now += 50)));
    return { said, view: watch.view() };
  }

  it("CTRL-04: reports a line that is down with its reason and its bounds", () => {
    const { said, view } = told(
      FINE,
      FINE,
      FINE,
      SILENT,
      DOWN,
      DOWN,
      FINE,
      FINE,
    );
    expect(said).to.deep.equal([
      "wanctl_condition 0",
      "wanctl_condition 2",
      `line_lost {"began_ms":1000000004050,"why":"line is down: no reflector answered for 4.0 s, and no traffic arrives"}`,
      "wanctl_condition 4",
      `line_back {"began_ms":1000000004050,"ended_ms":1000000006050,"lasted_ms":2000}`,
      "wanctl_condition 0",
    ]);
    expect(view).to.deep.equal({
      name: "measuring",
      sinceMs: 1_950,
      why: null,
    });
  });

  it("DATA-05: says the code again every minute", () => {
    const { said } = told(...Array.from({ length: 130 }, () => FINE));
    expect(said).to.deep.equal(Array(3).fill("wanctl_condition 0"));
  });

  it("is asked before the first beat", () =>
    expect(told().view).to.equal(null));
});

describe("conditionCode()", () => {
  it("is the place in a list that only grows", () => {
    expect(CONDITIONS.map(conditionCode)).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
    expect(CONDITIONS[4]).to.equal("line_down");
  });
});
