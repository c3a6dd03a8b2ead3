import { expect } from "chai";
import {
  parseActualRate,
  setLines,
} from "../../../../controller/shapers/tc/qdisc.js";

const CAKE =
  '[{"kind":"cake","handle":"8003:","root":true,"refcnt":2,"options":{"bandwidth":996125,"diffserv":"besteffort"},"bytes":0,"packets":0},{"kind":"ingress","handle":"ffff:","parent":"ffff:fff1","options":{}}]';
const HTB =
  '[{"kind":"htb","handle":"1:","root":true,"options":{}},{"kind":"bfifo","handle":"10:","parent":"1:1"}]';
const CLASS =
  "class htb 1:1 root leaf 10: prio 0 rate 20Mbit ceil 20Mbit burst 2Kb cburst 2Kb ";

const HTB_20 = {
  kind: "htb",
  bps: 20e6,
  handles: "1: 10:",
  bytes: null,
} as const;

describe("parseEnforced()", () => {
  for (const [what, answer, enforced] of [
    [
      "CAKE, bytes/s in JSON",
      ["[]", CAKE],
      { kind: "cake", bps: 7_969_000, handles: "8003: ffff:", bytes: 0 },
    ],
    ["HTB, a class in text", [CLASS, HTB], HTB_20],
    [
      "HTB, a class in JSON",
      [
        '[{"class":"htb","handle":"1:1","root":true,"rate":2500000,"ceil":2500000}]',
        HTB,
      ],
      HTB_20,
    ],
    ["HTB without a class", [HTB], null],
    [
      "CAKE without a bandwidth",
      ['[{"kind":"cake","root":true,"options":{"bandwidth":"unlimited"}}]'],
      null,
    ],
    ["another qdisc", ['[{"kind":"fq_codel","root":true,"options":{}}]'], null],
    ["nothing", [], null],
  ] as const)
    it(`reads ${what}`, () => {
      expect(parseActualRate(answer)).to.deep.equal(enforced);
    });
});

describe("setLines()", () => {
  it("tells CAKE its bandwidth", () => {
    expect(setLines("cake", "ifb4wan", 7_969_400)).to.deep.equal([
      "qdisc change dev ifb4wan root cake bandwidth 7969kbit",
    ]);
  });
  it("resizes the leaf of HTB with the rate: 5 ms of it, three packets at least", () => {
    expect(setLines("htb", "wan", 20e6)[1]).to.equal(
      "qdisc change dev wan parent 1:1 bfifo limit 12500",
    );
    expect(setLines("htb", "wan", 1e6)[1]).to.equal(
      "qdisc change dev wan parent 1:1 bfifo limit 4542",
    );
  });
});
