import type { Held } from "../shared/bus/ring.js";

/** Seqs that may be asked for; null: without an end. */
export interface Open {
  readonly fromSeq: number;
  readonly toSeq: number | null;
}

/**
 * What to ask a source for next: the oldest that it holds and we lack, as one range.
 * @param open what is not stored, in order
 * @param held what the source surely holds
 * @param hadTo the last seq of a stretch from this one on that needs no asking, for it waits in memory or would come in
 * vain; null where this one is to be asked for
 */
export function nextWant(
  open: readonly Open[],
  held: Held,
  hadTo: (seq: number) => number | null,
  max: number,
): { readonly from: number; readonly to: number } | null {
  for (const { fromSeq, toSeq } of open) {
    const end = Math.min(held.last, toSeq ?? held.last);
    let from = Math.max(held.first, fromSeq);
    for (let had = hadTo(from); from <= end && had !== null; had = hadTo(from))
      from = had + 1;
    if (from > end) continue;
    let to = from;
    while (to < end && to - from + 1 < max && hadTo(to + 1) === null) to++;
    return { from, to };
  }
  return null;
}
