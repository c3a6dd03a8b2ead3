import { lookup } from "node:dns/promises";
import { isIP, isIPv4 } from "node:net";

/** Where the reflectors are now, beside the cycle: names are looked up again and again, and keep what was found. */
export interface Addresses extends Disposable {
  /** The IPv4 address, or null while the name is not known, or where it is an IPv6 address. */
  of(reflector: number): string | null;
}

/** A name may move; one that was never found is asked for sooner. */
const AGAIN_MS = 5 * 60_000;
const UNKNOWN_AGAIN_MS = 5_000;

export function openAddresses(reflectors: readonly string[]): Addresses {
  const found = reflectors.map((host) => (isIPv4(host) ? host : null));
  const timers = new Map<number, NodeJS.Timeout>();
  let isClosed = false;
  // one at a time: while a name server hangs, a look-up keeps one of the few threads that the counters need as well
  let turn = Promise.resolve();

  async function look(host: string, index: number): Promise<void> {
    const answer = await lookup(host, { family: 4 }).catch(() => null);
    if (isClosed) return;
    found[index] = answer?.address ?? found[index] ?? null;
    const waitMs = found[index] === null ? UNKNOWN_AGAIN_MS : AGAIN_MS;
    timers.set(
      index,
      setTimeout(() => queue(host, index), waitMs),
    );
  }

  const queue = (host: string, index: number): void =>
    void (turn = turn.then(() => (isClosed ? undefined : look(host, index))));

  reflectors.forEach((host, index) => {
    if (isIP(host) === 0) queue(host, index);
  });
  return {
    of: (reflector) => found[reflector] ?? null,
    [Symbol.dispose]() {
      isClosed = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
