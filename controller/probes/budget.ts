import { isIPv6 } from "node:net";
import type { MonoMs } from "../../shared/runtime/clock.js";
import {
  canTake,
  fullBucket,
  taken,
} from "../../shared/runtime/token-bucket.js";

/** What probing may take of the line, each way, and what it takes: bytes of packets at layer 3. */

/** An ICMP message of ours, fping's, to which IPv6 adds, and the three packets of a handshake that leave, by IPv6. */
const SOCKET_BYTES = 40;
const FPING_BYTES = 84;
const IPV6_BYTES = 20;
export const HANDSHAKE_BITS = 8 * 212;

/** The least that a fallback needs: with fewer answers a second there is silence between two of them. */
const HANDSHAKES_A_SECOND = 5;
const HANDSHAKE_BPS = HANDSHAKES_A_SECOND * HANDSHAKE_BITS;

interface Pings {
  readonly reflectors: readonly string[];
  readonly spacingMs: number;
}

export const fpingBytes = (reflectors: readonly string[]): number =>
  FPING_BYTES + (reflectors.some(isIPv6) ? IPV6_BYTES : 0);

/** What one ping of this method takes; `auto` pings from a socket of our own, but where addresses are IPv6. */
const pingBytes = (method: string, reflectors: readonly string[]): number =>
  method === "echo" || reflectors.some(isIPv6)
    ? fpingBytes(reflectors)
    : SOCKET_BYTES;

export const bpsOf = (bytes: number, spacingMs: number): number =>
  (8e3 * bytes) / spacingMs;

/** What a budget must have room for, and the sum in words. */
export function leastBudget(
  method: string,
  reflectors: readonly string[],
  spacingMs: number,
  hasFallback: boolean,
): { readonly bps: number; readonly why: string } {
  const bytes = pingBytes(method, reflectors);
  const pingBps = bpsOf(bytes, spacingMs);
  const handshakeBps = hasFallback ? HANDSHAKE_BPS : 0;
  const kbps = (bps: number) => (bps / 1e3).toFixed(1);
  return {
    bps: pingBps + handshakeBps,
    why: `a probe of ${bytes} bytes each ${spacingMs} ms takes ${kbps(pingBps)}, ${HANDSHAKES_A_SECOND} TCP handshakes a second ${kbps(handshakeBps)}`,
  };
}

/** fping's probes, no more often than the budget allows; its pace cannot be changed while it runs. */
export const withinBudget = <Probe extends Pings>(
  probe: Probe,
  budgetBps: number,
): Probe => {
  const leastMs = (8e3 * fpingBytes(probe.reflectors)) / budgetBps;
  return { ...probe, spacingMs: Math.max(probe.spacingMs, Math.ceil(leastMs)) };
};

/** Shared by all who probe, so that all of them together stay within it, over any second and longer. */
export interface Budget {
  /** For a ping, which the configuration has room for: it leaves in any case. */
  spendPing(now: MonoMs): void;
  /** Whether a handshake may leave now; if so it is paid for. */
  grantHandshake(now: MonoMs): boolean;
}

/** Holds what a second brings, and at least one handshake. */
export function openBudget(bps: number, openedAt: MonoMs): Budget {
  const limit = { perS: bps, burst: Math.max(bps, HANDSHAKE_BITS) };
  let bits = fullBucket(limit, openedAt);
  return {
    spendPing(now) {
      bits = taken(limit, bits, 8 * SOCKET_BYTES, now);
    },
    grantHandshake(now) {
      const isGranted = canTake(limit, bits, HANDSHAKE_BITS, now);
      if (isGranted) bits = taken(limit, bits, HANDSHAKE_BITS, now);
      return isGranted;
    },
  };
}
