import { isIPv6 } from "node:net";
import type { Direction } from "../../shared/contract/direction.js";
import { openLock } from "../../shared/runtime/lock.js";
import { kernelHas } from "./kernel.js";
import {
  type Host,
  LINE,
  makeHosts,
  namespaceOf,
  removeHosts,
  run,
  start,
} from "./namespace.js";

/**
 * A line with bufferbloat, in four network namespaces:
 *
 *   client c0 --- s0 shaper wan --- i0 isp i1 --- v0 server      reflectors 10.0.3.11 to .16 on the server
 *    10.0.1.2   .1.1  .2.2       .2.1  .3.1    .3.2
 *                   fd02::2  fd02::1  fd03::1  fd03::2         the same at fd03::11 to ::16, for the shaper only
 *
 * The ISP is the bottleneck: HTB over a deep byte FIFO, on i0 for the download, on i1 for the upload.
 * Base RTT is made on v0 where the kernel has netem; elsewhere it is what the kernel needs, about 0.1 ms.
 */
export interface Line extends AsyncDisposable {
  /** What the ISP lets through from now on, kbit/s. */
  capacity(downloadKbps: number, uploadKbps?: number): void;
  /** Bytes at layer 2 that left the line so far: at the shaper for the client, at the ISP for the server. */
  deliveredBytes(direction: Direction): number;
  /** Takes the shaper's interface to the ISP away, with all that hangs on it; and makes it anew. */
  unplug(): void;
  plug(): void;
  /** Whether the server answers pings, as some providers will not have it. */
  pings(answered: boolean): void;
  /** Lets each reflector, or all of them together, answer only so many pings a second from now on. */
  limitAnswers(perS: number, by: "each" | "all"): void;
  /** Makes the reflectors answer, or takes them away. */
  reflectors(answer: boolean): void;
}

export const SERVER = "10.0.3.2";

const REFLECTORS = [11, 12, 13, 14, 15, 16].map((last) => `10.0.3.${last}`);
const REFLECTORS_6 = [11, 12, 13, 14, 15, 16].map((last) => `fd03::${last}`);

/** What the ISP's FIFO holds, at the rate the line begins with. */
const BUFFER_MS = 1000;

/** What a line is like; its upload is as fast as its download unless it says otherwise. */
export interface Character {
  readonly uploadKbps?: number;
  readonly baseRttMs?: number;
  /** Packets to the shaper wait for a turn that comes after 5 to 15 ms, as on a radio or a cable modem. */
  readonly jitters?: boolean;
}

/** Builds the line. Its last owner's remains are removed first. @throws Failure while another line stands */
export async function openLine(
  kbps: number,
  { uploadKbps = kbps, baseRttMs = 20, jitters = false }: Character = {},
): Promise<Line> {
  const lock = await openLock(`e2e-${LINE}`, "the test line");
  const dismantle = async () => {
    removeHosts();
    await lock[Symbol.asyncDispose]();
  };
  try {
    makeHosts();
    connect();
    const turns = jitters ? " slot 5ms 15ms" : "";
    if (kernelHas("netem"))
      run(
        "server",
        `tc qdisc add dev v0 root netem delay ${baseRttMs}ms limit 20000${turns}`,
      );
    bottleneck("i0", kbps);
    bottleneck("i1", uploadKbps);
  } catch (error) {
    await dismantle();
    throw error;
  }
  let isp = start("isp", "tc -b -");
  return {
    capacity(downloadKbps, uploadKbps) {
      isp.child.stdin.write(rate("i0", "change", downloadKbps));
      if (uploadKbps !== undefined)
        isp.child.stdin.write(rate("i1", "change", uploadKbps));
    },
    unplug: () => void run("shaper", "ip link del wan"),
    plug() {
      toIsp();
      bottleneck("i0", kbps);
      // the old one looks for the interface that was
      isp.child.kill();
      isp = start("isp", "tc -b -");
    },
    deliveredBytes: (direction) =>
      direction === "download"
        ? sentBytes("shaper", "s0")
        : sentBytes("isp", "i1"),
    pings(answered) {
      const drop = [
        "add table ip provider",
        "add chain ip provider in { type filter hook input priority 0 ; }",
        "add rule ip provider in ip protocol icmp drop",
      ];
      for (const part of answered ? ["delete table ip provider"] : drop)
        run("server", `nft ${part}`);
    },
    limitAnswers(perS, by) {
      // who was answered is remembered for as long as the next answer has to wait
      const key = by === "each" ? "ip daddr" : "ip saddr";
      const pings = `ip daddr ${REFLECTORS[0]}-${REFLECTORS.at(-1)} ip protocol icmp`;
      for (const part of [
        "table ip limits",
        `set ip limits answered { type ipv4_addr ; flags dynamic,timeout ; timeout ${Math.round(1e3 / perS)}ms ; }`,
        "chain ip limits in { type filter hook input priority 0 ; }",
        `rule ip limits in ${pings} ${key} @answered drop`,
        `rule ip limits in ${pings} add @answered { ${key} }`,
      ])
        run("server", `nft add ${part}`);
    },
    reflectors(answer) {
      for (const address of REFLECTORS)
        run(
          "server",
          `ip address ${answer ? "add" : "del"} ${address}/24 dev v0`,
        );
    },
    async [Symbol.asyncDispose]() {
      await isp[Symbol.asyncDispose]();
      await dismantle();
    },
  };
}

function connect(): void {
  link("client", "c0", "shaper", "s0");
  toIsp();
  link("isp", "i1", "server", "v0");
  address("client", "c0", "10.0.1.2");
  address("shaper", "s0", "10.0.1.1");
  address("isp", "i1", "10.0.3.1");
  for (const ip of [SERVER, ...REFLECTORS]) address("server", "v0", ip);
  run("client", "ip route add default via 10.0.1.1");
  run("server", "ip route add default via 10.0.3.1");
  for (const host of ["shaper", "isp"] as const)
    run(host, "sysctl -qw net.ipv4.ip_forward=1");
  run("isp", "sysctl -qw net.ipv6.conf.all.forwarding=1");
  address("isp", "i1", "fd03::1");
  for (const ip of ["fd03::2", ...REFLECTORS_6]) address("server", "v0", ip);
  run("server", "ip route add default via fd03::1");
}

function toIsp(): void {
  link("shaper", "wan", "isp", "i0");
  address("shaper", "wan", "10.0.2.2");
  address("isp", "i0", "10.0.2.1");
  address("shaper", "wan", "fd02::2");
  address("isp", "i0", "fd02::1");
  run("shaper", "ip route add default via 10.0.2.1");
  run("shaper", "ip route add default via fd02::1");
  run("isp", "ip route replace 10.0.1.0/24 via 10.0.2.2");
}

function link(
  left: Host,
  leftEnd: string,
  right: Host,
  rightEnd: string,
): void {
  run(
    left,
    `ip link add ${leftEnd} type veth peer name ${rightEnd} netns ${namespaceOf(right)}`,
  );
  for (const [host, device] of [
    [left, leftEnd],
    [right, rightEnd],
  ] as const) {
    // With offloads the queues would see packets of 64 kB.
    run(host, `ethtool -K ${device} tso off gso off gro off`);
    run(host, `ip link set ${device} up txqueuelen 1000`);
  }
}

/** IPv6 ones without the second in which a kernel asks whether somebody else has them. */
const address = (host: Host, device: string, ip: string) =>
  run(
    host,
    `ip address add ${ip}/${isIPv6(ip) ? "64 nodad" : "24"} dev ${device}`,
  );

function bottleneck(device: string, kbps: number): void {
  run("isp", `tc qdisc add dev ${device} root handle 1: htb default 1`);
  run("isp", `tc ${rate(device, "add", kbps).trim()}`);
  const bytes = Math.round((kbps * BUFFER_MS) / 8);
  run(
    "isp",
    `tc qdisc add dev ${device} parent 1:1 handle 10: bfifo limit ${bytes}`,
  );
}

/** A line for `tc -b`. */
const rate = (device: string, verb: "add" | "change", kbps: number): string =>
  `class ${verb} dev ${device} parent 1: classid 1:1 htb ` +
  `rate ${kbps}kbit ceil ${kbps}kbit burst 2k cburst 2k quantum 1514\n`;

function sentBytes(host: Host, device: string): number {
  const [shown] = JSON.parse(run(host, `ip -j -s link show dev ${device}`)) as {
    stats64: { tx: { bytes: number } };
  }[];
  return shown?.stats64.tx.bytes ?? NaN;
}
