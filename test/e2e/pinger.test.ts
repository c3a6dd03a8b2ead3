import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Reply } from "../../controller/law/inputs.js";
import type { Direction } from "../../shared/contract/direction.js";
import { demandMachine, machineInWords } from "../bed/kernel.js";
import { type Line, openLine, SERVER } from "../bed/line.js";
import { namespaceOf, processesOf, run, start } from "../bed/namespace.js";
import { PROBE, type Probing, startProbing } from "../bed/probing.js";
import { spreadOf } from "../bed/spread.js";
import { pause, until } from "../bed/waiting.js";

const WANCTL = fileURLToPath(new URL("../../cli/wanctl.js", import.meta.url));

const NOTICE_MS = 15_000;
const LINE_KBPS = 20_000;
const SLOW_KBPS = 500;

describe(`a pinger: ${machineInWords()}`, function () {
  this.timeout(60_000);
  let line: Line | undefined;

  before(demandMachine);
  before(async () => {
    line = await openLine(LINE_KBPS);
  });
  after(() => line?.[Symbol.asyncDispose]());

  it("DATA-01: finds that this kernel answers timestamps, and the two ways are the RTT together", async () => {
    await using probing = startProbing();
    await allAsked(probing, "timestamps");
    const place = probing.beats.length;
    const replies = await heard(probing, place, 60);
    for (const { oneWayMs, rttMs } of replies)
      expect(oneWayMs && oneWayMs.upload + oneWayMs.download).to.be.closeTo(
        rttMs,
        1.001,
      );
    expect(new Set(replies.map(({ reflector }) => reflector)).size).to.equal(
      PROBE.reflectors.length,
    );
    expect(probing.events).to.deep.equal([]);
  });

  it("asks for echoes where timestamps are not answered", async () => {
    // as many providers do: type 13 is dropped on its way to one reflector
    for (const part of [
      "table ip providers",
      "chain ip providers in { type filter hook input priority 0 ; }",
      "rule ip providers in ip daddr 10.0.3.12 icmp type timestamp-request drop",
    ])
      run("server", `nft add ${part}`);
    await using probing = startProbing();
    await until(
      "the verdict",
      NOTICE_MS,
      () => asks(probing)["10.0.3.12"] === "echo",
    );
    run("server", "nft delete table ip providers");
    expect(asks(probing)["10.0.3.13"]).to.equal("timestamps");
    const place = probing.beats.length;
    const replies = await heard(probing, place, 30);
    for (const { reflector, oneWayMs } of replies)
      expect(oneWayMs === null, PROBE.reflectors[reflector]).to.equal(
        reflector === 1,
      );
    await pause(PROBE.lossMs);
    expect(probing.lostFrom(place)).to.equal(0);
  });

  for (const [direction, from, to] of [
    ["upload", "shaper", SERVER],
    ["download", "server", "10.0.2.2"],
  ] as const)
    it(`sees a queue in the ${direction} on that way only`, async () => {
      line!.capacity(LINE_KBPS, LINE_KBPS);
      await using probing = startProbing();
      await allAsked(probing, "timestamps");
      const idle = await heard(probing, probing.beats.length, 60);
      const isUpload = direction === "upload";
      line!.capacity(
        isUpload ? LINE_KBPS : SLOW_KBPS,
        isUpload ? SLOW_KBPS : LINE_KBPS,
      );
      {
        await using _flood = start(from, `${process.execPath} -e ${flood(to)}`);
        await until("the queue", NOTICE_MS, () =>
          probing.repliesFrom(0).some(({ rttMs }) => rttMs > 500),
        );
        const full = await heard(probing, probing.beats.length, 40);
        const other = isUpload ? "download" : "upload";
        expect(risen(direction, idle, full), "the full one").to.be.above(300);
        expect(risen(other, idle, full), "the other one").to.be.below(20);
      }
      line!.capacity(LINE_KBPS, LINE_KBPS);
    });

  it("CTRL-04: an interface that is gone and comes back as another one", async () => {
    makeLink();
    await using probing = startProbing({
      reflectors: ["10.0.9.2"],
      interface: "probe0",
      source: "10.0.9.1",
    });
    await heard(probing, 0, 5);
    run("shaper", "ip link del probe0");
    await until("the loss", NOTICE_MS, () => probing.events.length > 0);
    await until("losses", NOTICE_MS, () => probing.beats.at(-1)!.lost > 0);
    makeLink();
    await until("the return", NOTICE_MS, () => probing.events.length > 1);
    run("shaper", "ip link del probe0");
    expect(probing.events.map((event) => event.split(" ")[0])).to.deep.equal([
      "pinger_lost",
      "pinger_back",
    ]);
    expect(probing.events[0]).to.match(/no such device/);
  });

  it("CTRL-04: an address that is gone and comes back", async () => {
    makeLink();
    await using probing = startProbing({
      reflectors: ["10.0.9.2"],
      source: "10.0.9.1",
    });
    await heard(probing, 0, 5);
    run("shaper", "ip address del 10.0.9.1/24 dev probe0");
    run("shaper", "ip address add 10.0.9.3/24 dev probe0");
    await until("the loss", NOTICE_MS, () => probing.events.length > 0);
    run("shaper", "ip address add 10.0.9.1/24 dev probe0");
    await until("the return", NOTICE_MS, () => probing.events.length > 1);
    run("shaper", "ip link del probe0");
    expect(probing.events[0]).to.match(/pinger_lost .*source '10.0.9.1'/);
    expect(probing.events[1]).to.equal("pinger_back");
  });

  it("CTRL-04: a link that is down is losses, no event, and over when it is up", async () => {
    await using probing = startProbing();
    await heard(probing, 0, 10);
    run("shaper", "ip link set wan down");
    await until("losses", NOTICE_MS, () => probing.beats.at(-1)!.lost > 0);
    run("shaper", "ip link set wan up");
    run("shaper", "ip route replace default via 10.0.2.1");
    const place = probing.beats.length;
    await heard(probing, place, 10);
    expect(probing.events).to.deep.equal([]);
  });

  it("says in one line what right is missing, and ends", async () => {
    await using controller = start(
      "shaper",
      `setpriv --bounding-set -net_raw ${process.execPath} ${WANCTL} controller --config config/bed.yaml --run-dir /tmp/none`,
    );
    let said = "";
    controller.child.stderr.on("data", (part) => (said += String(part)));
    await until("the end", NOTICE_MS, () => controller.ended);
    expect(controller.child.exitCode).to.equal(1);
    expect(said).to.match(
      /^wanctl: Cannot start controller: .*CAP_NET_RAW.*\n$/,
    );
  });

  it("sends a dead reflector away, and goes on with the others", async () => {
    await using probing = startProbing();
    await heard(probing, 0, 30);
    run("server", "ip address del 10.0.3.14/24 dev v0");
    await until("the replacement", NOTICE_MS, () => probing.events.length > 0);
    run("server", "ip address add 10.0.3.14/24 dev v0");
    expect(probing.events).to.deep.equal(["reflector_replaced loss"]);
    expect(Object.keys(asks(probing))).to.deep.equal(
      PROBE.reflectors.filter((host) => host !== "10.0.3.14"),
    );
    const place = probing.beats.length;
    await heard(probing, place, 30);
    await pause(2 * PROBE.lossMs);
    expect(probing.lostFrom(probing.beats.length - 10)).to.equal(0);
  });

  it("CTRL-04: a killed fping is lost, and back", async () => {
    await using probing = startProbing({ method: "echo" });
    await heard(probing, 0, 10);
    for (const pid of processesOf("fping", "shaper"))
      process.kill(pid, "SIGKILL");
    await until("the return", NOTICE_MS, () => probing.events.length > 1);
    expect(probing.events).to.deep.equal([
      "pinger_lost fping ended: SIGKILL",
      "pinger_back",
    ]);
  });
});

const asks = (probing: Probing) =>
  (probing.beats.at(-1)?.view["asks"] ?? {}) as Readonly<
    Record<string, string>
  >;

const allAsked = (probing: Probing, method: string): Promise<unknown> =>
  until(`all asked for ${method}`, NOTICE_MS, () => {
    const methods = Object.values(asks(probing));
    return methods.length > 0 && methods.every((one) => one === method);
  });

/** At least so many replies from a place in the beats on. */
const heard = (
  probing: Probing,
  place: number,
  count: number,
): Promise<Reply[]> =>
  until(`${count} replies`, NOTICE_MS, () => {
    const replies = probing.repliesFrom(place);
    return replies.length >= count && replies;
  });

/** By how much the median of a way is longer, ms; of the same reflectors, for their constants differ. */
function risen(
  direction: Direction,
  before: readonly Reply[],
  after: readonly Reply[],
): number {
  const medianOf = (replies: readonly Reply[]) =>
    spreadOf(
      replies
        .filter(({ reflector }) => reflector === 0)
        .map(({ oneWayMs }) => oneWayMs?.[direction] ?? NaN),
    ).p50;
  return medianOf(after) - medianOf(before);
}

/** A program that sends more than a slow line carries; without blanks, for a command is split at them. */
const flood = (to: string): string =>
  `s=require("dgram").createSocket("udp4");s.on("error",()=>{});s.connect(9,"${to}",()=>setInterval(()=>s.send(Buffer.alloc(1400)),10))`;

function makeLink(): void {
  run(
    "shaper",
    `ip link add probe0 type veth peer name probe1 netns ${namespaceOf("server")}`,
  );
  run("shaper", "ip address add 10.0.9.1/24 dev probe0");
  run("shaper", "ip link set probe0 up");
  run("server", "ip address add 10.0.9.2/24 dev probe1");
  run("server", "ip link set probe1 up");
}
