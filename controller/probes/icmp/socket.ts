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

/** A raw ICMP socket, never waited for. The kernel stamps what comes, so a late look at it is as good as an early one. */
export interface IcmpSocket extends Disposable {
  /** Hands a message to the kernel. @returns why it would not have it, as `ENODEV`, or null */
  send(message: Buffer, address: string): string | null;
  /** The next packet that waits, IP header first, good until the next call; null when none does. */
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

/** Larger than any answer; the rest of a longer packet is cut off. */
const PACKET_BYTES = 256;

/** Two clocks are read at one time if nothing came between; under load that takes more than one try. */
const NEAR_MS = 0.1;
const TRIES_MAX = 3;

/** From one look to the next NTP may slew the wall clock, but not by so much. */
const CLOCK_STEP_MS = 5;

/** @throws Failure where there is no right, no such interface, no such source address */
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
  // Asking once has the kernel stamp packets from now on, socket(7).
  libc.ioctl(fd, SIOCGSTAMPNS, stamp);

  /** How far the wall clock is ahead of ours: never too much, for an RTT may seem longer but not shorter than the path. */
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

  /** The monotonic instant of the kernel's stamp, which is of the wall clock; now, where that was set meanwhile. */
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
 * When a packet came that was not there when the socket was last found empty. A stamp that says otherwise is of a wall
 * clock that was set since: all that is known then is now.
 */
export const arrival = (
  stampedAt: MonoMs,
  emptyAt: MonoMs,
  now: MonoMs,
): MonoMs =>
  stampedAt > now || msSince(stampedAt, emptyAt) > CLOCK_STEP_MS
    ? now
    : stampedAt;

/** Whether we have the right, on a system that has such sockets. */
export function mayOpenIcmpSocket(): boolean {
  try {
    const libc = libcOf();
    const fd = libc.socket(AF_INET, SOCK_RAW_CLOEXEC, IPPROTO_ICMP);
    return fd >= 0 && libc.close(fd) === 0;
  } catch {
    return false; // no libc that we know
  }
}
