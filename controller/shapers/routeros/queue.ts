import type {
  Direction,
  PerDirection,
} from "../../../shared/contract/direction.js";

export const QUEUE_KINDS = ["tree", "simple"] as const;
/** A queue of the queue tree has one limit; a simple queue has two, `upload/download`. */
export type QueueKind = (typeof QUEUE_KINDS)[number];

/** The queues of a line: two of the queue tree, or halves of simple queues (one queue, or one for each direction). */
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

/** "10000000" or "10M"; 0 means that there is no limit. */
function parseRate(text: string): number | null {
  const [, digits, suffix = ""] = /^(\d+(?:\.\d+)?)([kMG]?)$/.exec(text) ?? [];
  if (digits === undefined) return null;
  return Number(digits) * (SCALE[suffix] ?? NaN) || Infinity;
}

const halfOf = (direction: Direction): 0 | 1 =>
  direction === "upload" ? 0 : 1;

/** A direction's rate in a `max-limit`, bit/s, Infinity where there is none; null for what is no rate. */
export function parseLimit(
  kind: QueueKind,
  direction: Direction,
  text: string,
): number | null {
  const halves = text.split("/");
  if (halves.length !== (kind === "tree" ? 1 : 2)) return null;
  return parseRate(halves[kind === "tree" ? 0 : halfOf(direction)] ?? "");
}

/** The `max-limit` to write; the other half of a simple queue stays as it was. */
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
