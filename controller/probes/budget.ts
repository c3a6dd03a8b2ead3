import { isIPv6 } from "node:net";
import type { MonoMs } from "../../shared/runtime/clock.js";
import {
  canTake,
  fullBucket,
  taken,
} from "../../shared/runtime/token-bucket.js";

/** The bandwidth of probing per direction: its limit and its use, in bytes at layer 3. */

/** Bytes of our ICMP packet, of fping's, and of IPv6's longer header; bits of the three packets a handshake sends. */
const SOCKET_BYTES = 40;
const FPING_BYTES = 84;
const IPV6_BYTES = 20;
export const HANDSHAKE_BITS = 8 * 212;

/** Handshakes a second a fallback needs at least: with fewer the gap between two answers counts as a silence. */
const HANDSHAKES_A_SECOND = 5;
const HANDSHAKE_BPS = HANDSHAKES_A_SECOND * HANDSHAKE_BITS;

interface Pings {
  readonly reflectors: readonly string[];
  readonly spacingMs: number;
}

export const fpingBytes = (reflectors: readonly string[]): number =>
  FPING_BYTES + (reflectors.some(isIPv6) ? IPV6_BYTES : 0);

/** Bytes per ping of this method; `auto` uses the raw socket unless an address is IPv6. */
const pingBytes = (method: string, reflectors: readonly string[]): number =>
  method === "echo" || reflectors.some(isIPv6)
    ? fpingBytes(reflectors)
    : SOCKET_BYTES;

export const bpsOf = (bytes: number, spacingMs: number): number =>
  (8e3 * bytes) / spacingMs;

/** The minimum budget, and the reason in words. */
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
    why: `a probe of ${bytes} bytes every ${spacingMs} ms takes ${kbps(pingBps)}, ${HANDSHAKES_A_SECOND} TCP handshakes a second ${kbps(handshakeBps)}`,
  };
}

/** fping's probes, slowed down to the budget if need be; the interval cannot be changed while it runs. */
export const withinBudget = <Probe extends Pings>(
  probe: Probe,
  budgetBps: number,
): Probe => {
  const leastMs = (8e3 * fpingBytes(probe.reflectors)) / budgetBps;
  return { ...probe, spacingMs: Math.max(probe.spacingMs, Math.ceil(leastMs)) };
};

/** A limit shared by all probes, kept over any second and longer. */
export interface Budget {
  /** Charges a ping; it is always sent, as the configuration has room for it. */
  spendPing(now: MonoMs): void;
  /** Whether a handshake may be sent now; if so it is charged. */
  grantHandshake(now: MonoMs): boolean;
}

/** The burst is one second's worth, and at least one handshake. */
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
