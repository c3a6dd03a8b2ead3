import { lookup } from "node:dns/promises";
import { isIPv4 } from "node:net";

/** Where the reflectors are now, beside the cycle: names are looked up again and again, and keep what was found. */
export interface Addresses extends Disposable {
  /** The IPv4 address, or null while the name is not known. */
  of(reflector: number): string | null;
}

/** A name may move; one that was never found is asked for sooner. */
const AGAIN_MS = 5 * 60_000;
const UNKNOWN_AGAIN_MS = 5_000;

export function openAddresses(reflectors: readonly string[]): Addresses {
  const found = reflectors.map((host) => (isIPv4(host) ? host : null));
  const timers = new Map<number, NodeJS.Timeout>();
  let isClosed = false;

  async function look(host: string, index: number): Promise<void> {
    const answer = await lookup(host, { family: 4 }).catch(() => null);
    if (isClosed) return;
    found[index] = answer?.address ?? found[index] ?? null;
    const waitMs = found[index] === null ? UNKNOWN_AGAIN_MS : AGAIN_MS;
    timers.set(
      index,
      setTimeout(() => void look(host, index), waitMs),
    );
  }

  reflectors.forEach((host, index) => {
    if (found[index] === null) void look(host, index);
  });
  return {
    of: (reflector) => found[reflector] ?? null,
    [Symbol.dispose]() {
      isClosed = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
