import { MINUTE_MS } from "../../shared/contract/units.js";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { type Clock } from "../../shared/runtime/clock.js";
import { reasonOf } from "../../shared/runtime/failure.js";
import { openOutage, type Report } from "../../shared/runtime/outage.js";

/** The reflectors' addresses. Names are looked up periodically; a failed lookup keeps the old address. */
export interface Addresses extends Disposable {
  /** The address; null if not resolved yet. */
  of(reflector: number): string | null;
  /** The names not resolved yet. */
  unknown(): readonly string[];
}

/** Time to the next lookup, ms: after a success, after a failure with an old address, after one without. */
const AGAIN_MS = 5 * MINUTE_MS;
const FAILED_AGAIN_MS = 30_000;
const UNKNOWN_AGAIN_MS = 5_000;

/** A lookup that takes longer, ms, is reported as failed. */
const SLOW_MS = 3_000;

/** @param family of the addresses to look up */
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
  // one at a time: while a name server hangs, a lookup blocks one of the few threads that the counters need as well
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
