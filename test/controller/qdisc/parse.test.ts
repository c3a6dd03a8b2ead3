import { expect } from "chai";
import { planDown } from "../../../controller/qdisc/plan.js";
import {
  parseHostDevice,
  type HostAnswers,
} from "../../../controller/qdisc/parse.js";

/** What ip, tc and ethtool answered (iproute2 6.1 and ethtool 6.1, Linux 6.18 and 7.2), shortened where we do not look. */
const LINK = (kind: string, flags: string, alias: string) =>
  `[{"ifindex":4,"ifname":"ifb4wan","flags":[${flags}],"mtu":1500,"qdisc":"cake","linkinfo":{"info_kind":"${kind}"}${alias}}]`;
const CAKE = `[{"kind":"cake","handle":"ca4e:","root":true,"refcnt":2,"options":{"bandwidth":1250000,"diffserv":"besteffort","flowmode":"dual-srchost","nat":true,"wash":false,"ingress":false,"ack-filter":"disabled","split_gso":true,"rtt":100000,"raw":false,"atm":"noatm","overhead":18,"mpu":64,"fwmark":"0"},"bytes":70,"packets":1,"drops":2,"overlimits":0,"requeues":0,"backlog":3,"qlen":0,"tins":[{"ecn_mark":4,"ack_drops":5},{"ecn_mark":6,"ack_drops":7}]},{"kind":"ingress","handle":"ffff:","parent":"ffff:fff1","options":{}}]`;
const UNLIMITED = CAKE.replace(
  '"bandwidth":1250000',
  '"bandwidth":"unlimited"',
);
const HTB = `[{"kind":"htb","handle":"1:","root":true,"refcnt":3,"options":{"r2q":10,"default":"0x1","direct_packets_stat":0,"direct_qlen":1000},"bytes":0},{"kind":"bfifo","handle":"ca4e:","parent":"1:1","options":{"limit":12000}}]`;
const CLASS =
  "class htb 1:1 root leaf ca4e: prio 0 rate 10Mbit ceil 10Mbit burst 2Kb cburst 2Kb \n";
const HFSC = '[{"kind":"hfsc","handle":"1:","root":true,"options":{default 1 }';
const U32 = `[{"protocol":"all","pref":51790,"kind":"u32","chain":0},{"protocol":"all","pref":51790,"kind":"u32","chain":0,"options":{"fh":"800:","ht_divisor":1}},{"protocol":"all","pref":51790,"kind":"u32","chain":0,"options":{"fh":"800::800","actions":[{"order":1,"kind":"mirred","mirred_action":"redirect","direction":"egress","to_dev":"ifb4wan"}]}}]`;
const MATCHALL = `[{"protocol":"all","pref":49152,"kind":"matchall","chain":0},{"protocol":"all","pref":49152,"kind":"matchall","chain":0,"options":{"handle":1,"actions":[{"order":1,"kind":"mirred","mirred_action":"redirect","to_dev":"ifb0"}]}}]`;
const FEATURES = `Features for wan:
tcp-segmentation-offload: on
	tx-tcp-segmentation: on
generic-segmentation-offload: on
generic-receive-offload: off
large-receive-offload: off [fixed]
`;

const ANSWERS: HostAnswers = {
  link: LINK("ifb", '"BROADCAST","NOARP","UP"', ',"ifalias":"wanctl"'),
  qdiscs: CAKE,
  classes: "",
  filters: U32,
  features: FEATURES,
};

describe("what the programs say of a device", () => {
  it("is read: an ifb of ours with CAKE, fed by u32", () => {
    const device = parseHostDevice(ANSWERS);
    expect(device).to.deep.include({
      name: "ifb4wan",
      isIfb: true,
      isUp: true,
      isOurs: true,
      offloads: ["tso", "gso"],
      ingress: {
        kind: "ingress",
        filters: [{ preference: 51790, kind: "u32", to: "ifb4wan" }],
      },
    });
    expect(device?.root).to.deep.include({
      kind: "cake",
      owner: "ours",
      bps: 10e6,
      counters: {
        sentBytes: 70,
        sentPackets: 1,
        dropped: 2,
        marked: 10,
        acksDropped: 12,
        backlogBytes: 3,
      },
    });
  });

  it("is read: HTB with a leaf of ours", () => {
    const device = parseHostDevice({ ...ANSWERS, qdiscs: HTB, classes: CLASS });
    expect(device?.root).to.include({ kind: "htb", owner: "ours", bps: 10e6 });
    expect(device?.ingress).to.be.null;
  });

  it("is read: HTB that is somebody else's", () => {
    const qdiscs = HTB.replace("ca4e:", "10:");
    const device = parseHostDevice({ ...ANSWERS, qdiscs, classes: CLASS });
    expect(device?.root.owner).to.equal("foreign");
  });

  it("is read: a clsact with a filter to elsewhere, a device that is no ifb and down", () => {
    const device = parseHostDevice({
      ...ANSWERS,
      link: LINK("veth", '"BROADCAST"', ',"ifalias":"wanctl"'),
      qdiscs: CAKE.replace('"kind":"ingress"', '"kind":"clsact"'),
      filters: MATCHALL,
    });
    expect(device).to.deep.include({
      isIfb: false,
      isUp: false,
      isOurs: false,
      ingress: {
        kind: "clsact",
        filters: [{ preference: 49152, kind: "matchall", to: "ifb0" }],
      },
    });
  });

  for (const [what, qdiscs, bps, owner] of [
    ["CAKE without a bandwidth", UNLIMITED, null, "ours"],
    [
      "what the kernel gave it",
      CAKE.replace('"ca4e:"', '"0:"'),
      10e6,
      "kernel",
    ],
    ["no qdisc at all", "[{}]", null, "kernel"],
  ] as const)
    it(`is read: ${what}`, () => {
      const device = parseHostDevice({ ...ANSWERS, qdiscs });
      expect(device?.root).to.include({ bps, owner });
    });

  it("is read where the options of some kinds are text (iproute2 6.1, 6.8)", () => {
    const device = parseHostDevice({
      ...ANSWERS,
      qdiscs: CAKE.replace(/^.*?"options":\{.*?\}/, HFSC),
      filters: U32.replace(
        '"fh":"800:","ht_divisor":1',
        "fh 800: ht divisor 1 ",
      ),
    });
    expect(device?.root).to.include({ name: "hfsc", owner: "foreign" });
    expect(device?.ingress?.filters).to.deep.equal([
      { preference: 51790, kind: "u32", to: "ifb4wan" },
    ]);
  });

  for (const filters of ["null", "{}", "[null]", U32.slice(0, -3)])
    it(`takes filters for somebody else's that cannot be read: ${filters.slice(0, 6)}`, () => {
      const device = parseHostDevice({ ...ANSWERS, filters });
      expect(device?.ingress?.filters[0]?.preference).not.to.equal(51790);
    });

  it("tries to remove ours from among filters that cannot be read", () => {
    const host = {
      has: { cake: true, matchall: true },
      masquerades: false,
      devices: {
        upload: parseHostDevice({ ...ANSWERS, filters: U32.slice(0, -3) }),
        download: null,
      },
      ...{ feeders: [], unread: [] },
    };
    expect(planDown(host).map(({ run }) => run)).to.include(
      "tc filter del dev ifb4wan parent ffff: protocol all pref 51790",
    );
  });

  it("takes a root for somebody else's that cannot be read", () => {
    const root = parseHostDevice({ ...ANSWERS, qdiscs: "[{" })?.root;
    expect(root).to.include({ owner: "foreign", name: "unreadable" });
  });

  it("may be nothing: there is no such device", () => {
    expect(parseHostDevice({ ...ANSWERS, link: "" })).to.be.null;
  });
});
