import { MINUTE_MS } from "../../shared/contract/units.js";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { type Clock } from "../../shared/runtime/clock.js";
import { reasonOf } from "../../shared/runtime/failure.js";
import { openOutage, type Report } from "../../shared/runtime/outage.js";

/** Where the reflectors are now, beside the cycle: names are looked up again and again, and keep what was found. */
export interface Addresses extends Disposable {
  /** The address, or null while the name is not known. */
  of(reflector: number): string | null;
  /** The names that no address was found for yet. */
  unknown(): readonly string[];
}

/** A name may move; one that could not be looked up is tried sooner, the more so where nothing is known of it. */
const AGAIN_MS = 5 * MINUTE_MS;
const FAILED_AGAIN_MS = 30_000;
const UNKNOWN_AGAIN_MS = 5_000;

/** A name server that needs longer is one that does not answer. */
const SLOW_MS = 3_000;

/** @param family of the addresses that names are looked up for */
export function openAddresses(
  reflectors: readonly string[],
  family: 4 | 6,
  clock: Clock,
  report: Report,
): Addresses {
  const found = reflectors.map((host) => (isIP(host) === 0 ? null : host));
  const names = reflectors.flatMap((host, index) =>
    isIP(host) === 0 ? [{ host, index }] : [],
  );
  const timers = new Map<number, NodeJS.Timeout>();
  const failing = new Set<string>();
  const outage = openOutage("names_lost", clock, report);
  let isClosed = false;
  // one at a time: while a name server hangs, a look-up keeps one of the few threads that the counters need as well
  let turn = Promise.resolve();

  function fail(host: string, why: string): void {
    failing.add(host);
    if (!isClosed) outage.begin(why, { name: host, why });
  }

  function succeed(host: string): void {
    failing.delete(host);
    if (failing.size === 0) outage.end();
  }

  async function look(host: string, index: number): Promise<void> {
    const slow = setTimeout(
      () => fail(host, `no answer within ${SLOW_MS / 1e3} s`),
      SLOW_MS,
    );
    try {
      const { address } = await lookup(host, { family });
      if (isClosed) return;
      found[index] = address;
      succeed(host);
    } catch (error) {
      fail(host, reasonOf(error));
    } finally {
      clearTimeout(slow);
    }
    if (isClosed) return;
    const waitMs = !failing.has(host)
      ? AGAIN_MS
      : found[index] === null
        ? UNKNOWN_AGAIN_MS
        : FAILED_AGAIN_MS;
    timers.set(
      index,
      setTimeout(() => queue(host, index), waitMs),
    );
  }

  const queue = (host: string, index: number): void =>
    void (turn = turn.then(() => (isClosed ? undefined : look(host, index))));

  for (const { host, index } of names) queue(host, index);
  return {
    of: (reflector) => found[reflector] ?? null,
    unknown: () =>
      names.flatMap(({ host, index }) => (found[index] === null ? [host] : [])),
    [Symbol.dispose]() {
      isClosed = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
