import { createRequire } from "node:module";
import { isIPv4 } from "node:net";
import { getSystemErrorMap } from "node:util";
import { since, type Clock, type MonoMs } from "../../shared/clock.js";
import { Failure } from "../../shared/failure.js";
import { ANSWER_TYPE } from "./icmp.js";

/** A raw ICMP socket, never waited for. The kernel stamps what comes, so a late look at it is as good as an early one. */
export interface IcmpSocket extends Disposable {
  /** Hands a message to the kernel. @returns why it would not have it, as `ENODEV`, or null */
  send(message: Buffer, address: string): string | null;
  /** The next packet that waits, IP header first, good until the next call; null when none does. */
  receive(): { readonly packet: Buffer; readonly at: MonoMs } | null;
}

/** Which way the probes leave. */
export interface Way {
  readonly source: string | null;
  readonly interface: string | null;
}

// <linux/socket.h>, <linux/icmp.h>, <linux/sockios.h>: the same on every machine with 64 bits that runs Node.
const AF_INET = 2;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const IPPROTO_ICMP = 1;
const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;
const SOL_RAW = 255;
const ICMP_FILTER = 1;
const MSG_DONTWAIT = 0x40;
const SIOCGSTAMPNS = 0x8907;
const CLOCK_REALTIME = 0;

/** Larger than any answer; the rest of a longer packet is cut off. */
const PACKET_BYTES = 256;

/** Two clocks are read at one time if nothing came between; under load that takes more than one try. */
const NEAR_MS = 0.1;
const TRIES_MAX = 3;

/** From one look to the next NTP may slew the wall clock, but not by so much. */
const CLOCK_STEP_MS = 5;

/** @throws Failure where there is no right, no such interface, no such source address */
export function openIcmpSocket(way: Way, clock: Clock): IcmpSocket {
  const libc = (loaded ??= loadLibc());
  const fd = libc.socket(AF_INET, SOCK_RAW_CLOEXEC, IPPROTO_ICMP);
  const demand = (result: number, what: string) => {
    if (result >= 0) return;
    const [name, words] = errorOf(libc.errno());
    if (fd >= 0) libc.close(fd);
    throw new Failure(
      `Cannot open raw ICMP socket: ${what}: ${words} (${name})`,
    );
  };
  demand(fd, "needs CAP_NET_RAW");
  const wanted = (1 << ANSWER_TYPE.echo) | (1 << ANSWER_TYPE.timestamps);
  const filter = Buffer.alloc(4);
  filter.writeInt32LE(~wanted);
  demand(libc.setsockopt(fd, SOL_RAW, ICMP_FILTER, filter, 4), "filter");
  if (way.interface !== null) {
    const name = Buffer.from(`${way.interface}\0`);
    demand(
      libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length),
      `interface '${way.interface}'`,
    );
  }
  if (way.source !== null)
    demand(
      libc.bind(fd, socketAddress(way.source), 16),
      `source '${way.source}'`,
    );

  const packet = Buffer.alloc(PACKET_BYTES);
  const stamp = Buffer.alloc(16);
  const wallOf = (time: Buffer) =>
    Number(time.readBigInt64LE(0)) * 1e3 + Number(time.readBigInt64LE(8)) / 1e6;
  // Asking once has the kernel stamp packets from now on, socket(7).
  libc.ioctl(fd, SIOCGSTAMPNS, stamp);

  /** How far the wall clock is ahead of ours: never too much, for an RTT may seem longer but not shorter than the path. */
  function offset(): number {
    for (let tries = 1; ; tries++) {
      const before = clock.mono();
      libc.clock_gettime(CLOCK_REALTIME, stamp);
      const after = clock.mono();
      if (since(before, after) < NEAR_MS || tries === TRIES_MAX)
        return wallOf(stamp) - after;
    }
  }
  let offsetMs = offset();

  /** The monotonic instant of the kernel's stamp, which is of the wall clock; now, where that was set meanwhile. */
  function stampedAt(): MonoMs {
    const isStamped = libc.ioctl(fd, SIOCGSTAMPNS, stamp) >= 0;
    const at = wallOf(stamp);
    const lastOffsetMs = offsetMs;
    offsetMs = offset();
    const now = clock.mono();
    return isStamped && Math.abs(offsetMs - lastOffsetMs) < CLOCK_STEP_MS
      ? (Math.min(now, at - offsetMs) as MonoMs)
      : now;
  }

  return {
    send(message, address) {
      const sent = libc.sendto(
        fd,
        message,
        message.length,
        MSG_DONTWAIT,
        socketAddress(address),
        16,
      );
      return sent < 0 ? errorOf(libc.errno())[0] : null;
    },
    receive() {
      const bytes = libc.recv(fd, packet, PACKET_BYTES, MSG_DONTWAIT);
      return bytes < 0
        ? null
        : { packet: packet.subarray(0, bytes), at: stampedAt() };
    },
    [Symbol.dispose]: () => void libc.close(fd),
  };
}

/** Whether we have the right, on a system that has such sockets. */
export function mayOpenIcmpSocket(): boolean {
  try {
    const libc = (loaded ??= loadLibc());
    const fd = libc.socket(AF_INET, SOCK_RAW_CLOEXEC, IPPROTO_ICMP);
    return fd >= 0 && libc.close(fd) === 0;
  } catch {
    return false; // no libc that we know
  }
}

const errorOf = (errno: number): [name: string, words: string] =>
  getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "unknown"];

/** A sockaddr_in. */
function socketAddress(address: string): Buffer {
  if (!isIPv4(address))
    throw new Error(`Cannot address '${address}': must be IPv4`);
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.set(address.split(".").map(Number), 4);
  return bytes;
}

let loaded: ReturnType<typeof loadLibc> | null = null;

function loadLibc() {
  const koffi = createRequire(import.meta.url)(
    "koffi",
  ) as typeof import("koffi");
  const library = koffi.load("libc.so.6");
  const call = (declaration: string) =>
    library.func(declaration) as (...args: (number | Buffer)[]) => number;
  return {
    errno: () => koffi.errno(),
    socket: call("int socket(int, int, int)"),
    setsockopt: call(
      "int setsockopt(int, int, int, const void *, unsigned int)",
    ),
    bind: call("int bind(int, const void *, unsigned int)"),
    sendto: call(
      "long sendto(int, const void *, size_t, int, const void *, unsigned int)",
    ),
    recv: call("long recv(int, void *, size_t, int)"),
    ioctl: call("int ioctl(int, unsigned long, void *)"),
    clock_gettime: call("int clock_gettime(int, void *)"),
    close: call("int close(int)"),
  };
}
