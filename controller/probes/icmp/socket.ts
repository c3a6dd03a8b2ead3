import {
  type Clock,
  type MonoMs,
  msSince,
} from "../../../shared/runtime/clock.js";
import { lastError, libcOf } from "../../../shared/runtime/libc.js";
import {
  AF_INET,
  openSocket,
  type ProbeRoute,
  socketAddress,
} from "../sockets.js";
import { ANSWER_TYPE } from "./packet.js";

/** A non-blocking raw ICMP socket. The kernel timestamps packets, so it does not matter when they are read. */
export interface IcmpSocket extends Disposable {
  /** Hands a message to the kernel. @returns the error's name, such as `ENODEV`, or null */
  send(message: Buffer, address: string): string | null;
  /** The next waiting packet with its IP header, valid until the next call; null if there is none. */
  receive(): { readonly packet: Buffer; readonly at: MonoMs } | null;
}

// <linux/socket.h>, <linux/icmp.h>, <linux/sockios.h>
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const IPPROTO_ICMP = 1;
const SOL_RAW = 255;
const ICMP_FILTER = 1;
const MSG_DONTWAIT = 0x40;
const SIOCGSTAMPNS = 0x8907;
const CLOCK_REALTIME = 0;

/** Bytes read per packet: more than any answer has; longer packets are truncated. */
const PACKET_BYTES = 256;

/** Longest time between the readings of two clocks, ms; else it is tried again, at most three times. */
const NEAR_MS = 0.1;
const TRIES_MAX = 3;

/** A larger change of the wall clock between two readings, ms, is a step: NTP slews less. */
const CLOCK_STEP_MS = 5;

/** @throws Failure without CAP_NET_RAW, the interface or the source address */
export function openIcmpSocket(way: ProbeRoute, clock: Clock): IcmpSocket {
  const libc = libcOf();
  const what = "raw ICMP socket";
  const fd = openSocket(AF_INET, SOCK_RAW_CLOEXEC, IPPROTO_ICMP, way, what);
  const wanted = (1 << ANSWER_TYPE.echo) | (1 << ANSWER_TYPE.timestamps);
  const filter = Buffer.alloc(4);
  filter.writeInt32LE(~wanted);
  libc.setsockopt(fd, SOL_RAW, ICMP_FILTER, filter, 4);

  const packet = Buffer.alloc(PACKET_BYTES);
  const stamp = Buffer.alloc(16);
  const wallOf = (time: Buffer) =>
    Number(time.readBigInt64LE(0)) * 1e3 + Number(time.readBigInt64LE(8)) / 1e6;
  // the first call makes the kernel timestamp packets from now on, socket(7)
  libc.ioctl(fd, SIOCGSTAMPNS, stamp);

  /** Wall clock minus monotonic clock, ms; never too large: an RTT may come out longer, but not shorter than it was. */
  function offset(): number {
    for (let tries = 1; ; tries++) {
      const before = clock.mono();
      libc.clock_gettime(CLOCK_REALTIME, stamp);
      const after = clock.mono();
      if (msSince(before, after) < NEAR_MS || tries === TRIES_MAX)
        return wallOf(stamp) - after;
    }
  }
  let offsetMs = offset();

  /** The kernel's wall-clock timestamp as a monotonic instant; now, if the wall clock was set meanwhile. */
  function stampedAt(): MonoMs {
    const isStamped = libc.ioctl(fd, SIOCGSTAMPNS, stamp) >= 0;
    const at = wallOf(stamp);
    const lastOffsetMs = offsetMs;
    offsetMs = offset();
    const now = clock.mono();
    return isStamped && Math.abs(offsetMs - lastOffsetMs) < CLOCK_STEP_MS
      ? arrival((at - offsetMs) as MonoMs, emptyAt, now)
      : now;
  }
  let emptyAt = clock.mono();

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
      return sent < 0 ? lastError()[0] : null;
    },
    receive() {
      const bytes = libc.recv(fd, packet, PACKET_BYTES, MSG_DONTWAIT);
      if (bytes >= 0)
        return { packet: packet.subarray(0, bytes), at: stampedAt() };
      emptyAt = clock.mono();
      return null;
    },
    [Symbol.dispose]: () => void libc.close(fd),
  };
}

/**
 * The arrival time of a packet that came after the socket was last found empty. A timestamp before that, or in the
 * future, means that the wall clock was set: the present time is used instead.
 */
export const arrival = (
  stampedAt: MonoMs,
  emptyAt: MonoMs,
  now: MonoMs,
): MonoMs =>
  stampedAt > now || msSince(stampedAt, emptyAt) > CLOCK_STEP_MS
    ? now
    : stampedAt;

/** Whether this process may open a raw ICMP socket. */
export function mayOpenIcmpSocket(): boolean {
  try {
    const libc = libcOf();
    const fd = libc.socket(AF_INET, SOCK_RAW_CLOEXEC, IPPROTO_ICMP);
    return fd >= 0 && libc.close(fd) === 0;
  } catch {
    return false; // no glibc
  }
}
