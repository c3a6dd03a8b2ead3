import { constants } from "node:os";
import {
  type Clock,
  later,
  type MonoMs,
  msSince,
} from "../../../shared/runtime/clock.js";
import { Failure } from "../../../shared/runtime/failure.js";
import { libcOf } from "../../../shared/runtime/libc.js";
import type { Reply } from "../../law/inputs.js";
import { metronome } from "../../line/metronome.js";
import { due, isResting, noRest } from "../outstanding.js";
import {
  answersOf,
  type FallbackProbe,
  type ProbeConfig,
  type Shared,
} from "../pinger.js";
import {
  familyOf,
  openSocket,
  type ProbeRoute,
  socketAddress,
  SOL_SOCKET,
} from "../sockets.js";

/** A TCP handshake in progress. Disposing it resets the connection. */
interface Handshake extends Disposable {
  /** Does not wait. Pending, over without a measurement, or the RTT measured by the kernel, ms. */
  look(): "pending" | "over" | number;
}

// <linux/net.h>, <linux/in.h>, <linux/tcp.h>
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o2004000;
const IPPROTO_TCP = 6;
const SO_LINGER = 13;
const TCP_INFO = 11;

/** struct tcp_info: offsets, and the bytes needed. */
const INFO = { bytes: 104, state: 0, rttUs: 68, retransmissions: 100 } as const;
const STATE = { established: 1, synSent: 2 } as const;

/**
 * Opens a TCP connection. The kernel measures the RTT, so it does not matter when the result is read.
 * @returns null if the SYN cannot be sent
 * @throws Failure if interface or source address do not exist, or are of another family
 */
export function connectOnce(
  way: ProbeRoute,
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
      // after a retransmission it is unknown which SYN was answered; a refusal has no RTT
      const isMeasured =
        state === STATE.established &&
        info.readUInt32LE(INFO.retransmissions) === 0 &&
        rttUs > 0;
      return isMeasured ? rttUs / 1e3 : "over";
    },
    [Symbol.dispose]: () => void libc.close(fd),
  };
}

/** Time between handshakes, ms: each takes four packets, and loads somebody else's server. */
const SPACING_MS = 100;

/** ms without an answer after which the time between handshakes becomes a second. */
const PATIENCE_MS = 10_000;
const SPARSE_MS = 1_000;

/** A handshake without an answer by then, ms, is lost: after 1 s the kernel resends the SYN, which spoils the RTT. */
const DEADLINE_MS = 950;

/** Handshakes in a round, before a rest. */
const ROUND = 3;

/** After this many failures in a row a reflector is skipped while others work. */
const FAILURES_MAX = 3;

interface Outstanding {
  readonly reflector: number;
  readonly sentAt: MonoMs;
  readonly handshake: Handshake;
}

/** Probes the pinger's hosts; in replies `reflector` is their index plus the number of hosts. */
export function openTcp(
  probe: ProbeConfig,
  port: number,
  clock: Clock,
  { addresses, budget }: Shared,
): FallbackProbe {
  const failures = probe.reflectors.map(() => 0);
  const stop = new AbortController();
  let isOn = false;
  let outstanding: Outstanding[] = [];
  let started = 0;
  let pace = noRest(clock.mono());
  let startedAt = clock.mono();
  let answeredAt = clock.mono();

  function end(): void {
    for (const { handshake } of outstanding) handshake[Symbol.dispose]();
    outstanding = [];
  }

  /** The next reflector in turn; null if no address is known. */
  function nextReflector(): number | null {
    const known = [...failures.keys()].filter((one) => addresses.of(one));
    const good = known.filter((one) => (failures[one] ?? 0) < FAILURES_MAX);
    const some = good.length > 0 ? good : known;
    return some[started++ % some.length] ?? null;
  }

  function connectNext(): void {
    const now = clock.mono();
    const isSparse = msSince(answeredAt, now) > PATIENCE_MS;
    if (!isOn || (isSparse && msSince(startedAt, now) < SPARSE_MS)) return;
    const { isDue, after } = due(pace, ROUND, now);
    if (isDue && !budget.grantHandshake(now)) return;
    pace = after;
    if (!isDue) return;
    startedAt = now;
    const reflector = nextReflector();
    const address = reflector === null ? null : addresses.of(reflector);
    if (reflector === null || address === null) return;
    const sentAt = clock.mono();
    const handshake = begin(address);
    if (handshake !== null) outstanding.push({ reflector, sentAt, handshake });
  }

  function begin(address: string): Handshake | null {
    try {
      return connectOnce(probe, address, port);
    } catch (error) {
      if (error instanceof Failure) return null; // reported by the pinger
      throw error;
    }
  }

  const connecting = (async () => {
    const cycles = metronome(SPACING_MS, clock, stop.signal);
    while ((await cycles.next()).done !== true) connectNext();
  })();

  return {
    take(now) {
      const replies: Reply[] = [];
      let lost = 0;
      outstanding = outstanding.filter(({ reflector, sentAt, handshake }) => {
        const seen = handshake.look();
        const isLate = msSince(sentAt, now) > DEADLINE_MS;
        if (seen === "pending" && !isLate) return true;
        handshake[Symbol.dispose]();
        if (typeof seen === "number" && seen < DEADLINE_MS) {
          failures[reflector] = 0;
          answeredAt = now;
          replies.push({
            reflector: probe.reflectors.length + reflector,
            sentAt,
            receivedAt: later(sentAt, seen),
            rttMs: seen,
            oneWayMs: null,
          });
        } else {
          failures[reflector] = (failures[reflector] ?? 0) + 1;
          if (seen === "pending") lost++;
        }
        return false;
      });
      const isAnswered = failures.some((count) => count === 0);
      const isAsleep =
        isAnswered && isResting(pace) && outstanding.length === 0;
      return answersOf(replies, lost, isAsleep);
    },
    rest(roundMs) {
      pace = { ...pace, roundMs };
    },
    forget: end,
    run(wanted) {
      if (wanted === isOn) return;
      isOn = wanted;
      if (!isOn) end();
      failures.fill(0);
      answeredAt = clock.mono();
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await connecting;
      end();
    },
  };
}
