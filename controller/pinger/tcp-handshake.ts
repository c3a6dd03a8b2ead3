import { constants } from "node:os";
import {
  familyOf,
  libcOf,
  openSocket,
  socketAddress,
  SOL_SOCKET,
  type Way,
} from "./libc.js";

/** A TCP handshake under way. Disposing it resets the connection: nothing of it lingers. */
export interface Handshake extends Disposable {
  /** Looks without waiting: still open, over without a measurement, or the RTT that the kernel measured, ms. */
  look(): "pending" | "over" | number;
}

// <linux/net.h>, <linux/in.h>, <linux/tcp.h>
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o2004000;
const IPPROTO_TCP = 6;
const SO_LINGER = 13;
const TCP_INFO = 11;

/** Of struct tcp_info: where things are, and how much of it is needed. */
const INFO = { bytes: 104, state: 0, rttUs: 68, retransmissions: 100 } as const;
const STATE = { established: 1, synSent: 2 } as const;

/**
 * Knocks at a port. The kernel itself measures how long the answer takes, so a late look at it is as good as an early one.
 * @returns null where the knock cannot leave
 * @throws Failure where the way is not there, or is not one to such an address
 */
export function shakeHands(
  way: Way,
  address: string,
  port: number,
): Handshake | null {
  const libc = libcOf();
  const to = socketAddress(address, port);
  const fd = openSocket(
    familyOf(address),
    SOCK_STREAM_NONBLOCK_CLOEXEC,
    IPPROTO_TCP,
    way,
    "TCP socket",
  );
  const atOnce = Buffer.alloc(8);
  atOnce.writeInt32LE(1, 0);
  libc.setsockopt(fd, SOL_SOCKET, SO_LINGER, atOnce, 8);
  const begun = libc.connect(fd, to, to.length);
  if (begun < 0 && libc.errno() !== constants.errno.EINPROGRESS) {
    libc.close(fd);
    return null;
  }
  return {
    look() {
      const info = Buffer.alloc(INFO.bytes);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(INFO.bytes);
      if (libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, length) < 0)
        return "over";
      const state = info.readUInt8(INFO.state);
      if (state === STATE.synSent) return "pending";
      const rttUs = info.readUInt32LE(INFO.rttUs);
      // whether the first knock was answered or the second nobody knows; a refusal has no RTT
      const isMeasured =
        state === STATE.established &&
        info.readUInt32LE(INFO.retransmissions) === 0 &&
        rttUs > 0;
      return isMeasured ? rttUs / 1e3 : "over";
    },
    [Symbol.dispose]: () => void libc.close(fd),
  };
}
