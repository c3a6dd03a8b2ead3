import { clearInterval, setInterval } from "node:timers";
import type {
  Direction,
  PerDirection,
} from "../../../shared/contract/direction.js";
import { type Clock, later, msSince } from "../../../shared/runtime/clock.js";
import type { LinkState } from "../../condition/classification.js";
import type { Counted } from "../../law/inputs.js";
import type { Counters } from "../../line/counters.js";
import type { Item, Session } from "./session.js";

/**
 * Interval of counter reads, ms. With longer ones, cuts would be sized by the load before the queue built up; each read
 * costs the router a few ms of CPU time.
 */
const PERIOD_MS = 200;

/** Readings kept for a late cycle; older ones are dropped. */
const KEPT_MAX = 8;

/**
 * Byte counters of a RouterOS interface. One read at a time, on the session also used for writes. No values while the
 * router does not answer; the actuator reports that.
 */
export function openRouterOsCounters(
  session: Session,
  name: string,
  clock: Clock,
): Counters {
  let kept: Counted[] = [];
  let link: LinkState | null = null;
  let isReading = false;

  async function read(): Promise<void> {
    const askedAt = clock.mono();
    const outcome = await session.list("interface", { name });
    const [item] = outcome.kind === "done" ? outcome.value : [];
    link = outcome.kind === "done" ? linkOf(item) : null;
    const downloadBytes = Number(item?.["rx-byte"] ?? NaN);
    const uploadBytes = Number(item?.["tx-byte"] ?? NaN);
    if (!Number.isFinite(downloadBytes + uploadBytes)) return;
    // assume the counters were read halfway between request and answer
    const at = later(askedAt, msSince(askedAt, clock.mono()) / 2);
    kept = [...kept, { at, downloadBytes, uploadBytes }].slice(-KEPT_MAX);
  }

  const timer = setInterval(() => {
    if (isReading) return;
    isReading = true;
    void read().finally(() => (isReading = false));
  }, PERIOD_MS);

  return {
    take() {
      const taken = kept;
      kept = [];
      return taken;
    },
    link: () => link,
    [Symbol.asyncDispose]() {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}

/** A PPPoE interface with its session down has running=false. */
const linkOf = (item: Item | undefined): LinkState =>
  item === undefined ? "gone" : item["running"] === "false" ? "down" : "up";

export const QUEUE_KINDS = ["tree", "simple"] as const;
/** A queue tree entry has one limit; a simple queue has two, `upload/download`. */
export type QueueKind = (typeof QUEUE_KINDS)[number];

/** The queues of a WAN: two queue tree entries, or halves of simple queues (one queue, or one per direction). */
export interface Queues {
  readonly kind: QueueKind;
  readonly names: PerDirection<string>;
}

const SCALE: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
};

/** "10000000" or "10M"; 0 means unlimited. */
function parseRate(text: string): number | null {
  const [, digits, suffix = ""] = /^(\d+(?:\.\d+)?)([kMG]?)$/.exec(text) ?? [];
  if (digits === undefined) return null;
  return Number(digits) * (SCALE[suffix] ?? NaN) || Infinity;
}

const halfOf = (direction: Direction): 0 | 1 =>
  direction === "upload" ? 0 : 1;

/** The rate of a direction in a `max-limit`, bit/s; Infinity if unlimited; null if not a rate. */
export function parseLimit(
  kind: QueueKind,
  direction: Direction,
  text: string,
): number | null {
  const halves = text.split("/");
  if (halves.length !== (kind === "tree" ? 1 : 2)) return null;
  return parseRate(halves[kind === "tree" ? 0 : halfOf(direction)] ?? "");
}

/** The `max-limit` to write; the other half of a simple queue is kept. */
export function withLimit(
  kind: QueueKind,
  direction: Direction,
  text: string,
  bps: number,
): string {
  if (kind === "tree") return String(bps);
  const halves = text.split("/");
  halves[halfOf(direction)] = String(bps);
  return halves.join("/");
}
