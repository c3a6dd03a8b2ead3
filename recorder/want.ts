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
 * @param isHad what needs no asking: it waits in memory, or would come in vain
 */
export function nextWant(
  open: readonly Open[],
  held: Held,
  isHad: (seq: number) => boolean,
  max: number,
): { readonly from: number; readonly to: number } | null {
  for (const { fromSeq, toSeq } of open) {
    const end = Math.min(held.last, toSeq ?? held.last);
    let from = Math.max(held.first, fromSeq);
    while (from <= end && isHad(from)) from++;
    if (from > end) continue;
    let to = from;
    while (to < end && to - from + 1 < max && !isHad(to + 1)) to++;
    return { from, to };
  }
  return null;
}
