import type { HeldSeqs } from "../../shared/bus/ring.js";
import {
  type Hello,
  type Resend,
  type StateReply,
  SYNC_VERSION,
  WANT_MAX,
} from "../../shared/bus/sync.js";
import {
  type Clock,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";
import { fault } from "../fault.js";
import type { Store } from "../store/store.js";
import type { Intake } from "./intake.js";

/** Seqs that may be asked for; null: without an end. */
interface Open {
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
export function nextRequest(
  open: readonly Open[],
  held: HeldSeqs,
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

/** An answer that has not come to its end by then is not waited for; it is asked for again. */
const DEADLINE_MS = 5_000;

/** Sources asked at once, one request each. */
const ASKED_MAX = 64;

/** Brings in what the bus lost: asks each source, one range at a time, for what it holds and the history lacks. */
export interface CatchUp {
  /** What to answer, for each run held. */
  hello(hello: Hello): StateReply[];
  /** The next request, once the last one was answered; frames that were not requested are ignored. */
  resend(head: Resend, frames: readonly Uint8Array[]): StateReply | null;
  readonly counts: {
    readonly hellos: number;
    readonly wanted: number;
    readonly resent: number;
    readonly overdue: number;
    /** Messages with frames that were not requested. */
    readonly unasked: number;
  };
}

type HeldRange = Hello["held"][number];

/** What one source was asked for last and has not sent yet, and what it surely holds. */
interface Asked {
  readonly at: MonoMs;
  readonly sure: HeldRange;
  readonly from: number;
  readonly to: number;
}

export function openCatchUp(
  store: Pick<Store, "standing">,
  intake: Intake,
  clock: Clock,
): CatchUp {
  const counts = { hellos: 0, wanted: 0, resent: 0, overdue: 0, unasked: 0 };
  const asked = new Map<string, Asked>();

  function isAsked(name: string): boolean {
    for (const [source, { at }] of asked)
      if (msSince(at, clock.mono()) >= DEADLINE_MS) {
        asked.delete(source);
        counts.overdue++;
      }
    return asked.has(name) || asked.size >= ASKED_MAX;
  }

  /** @param sure what of the run may be asked for */
  function state(name: string, sure: HeldRange): StateReply | null {
    const { boot } = sure;
    const standing = store.standing(name, boot);
    if (standing === null) return null;
    const { committed, open } = standing;
    const waiting = intake.waitingOf(name, boot);
    const hadTo = (seq: number) =>
      waiting.has(seq)
        ? seq
        : intake.ringAvailability.unreadableTo({ source: name, boot, seq });
    const max = Math.min(WANT_MAX, intake.room);
    const want =
      max <= 0 || isAsked(name) ? null : nextRequest(open, sure, hadTo, max);
    if (want !== null) {
      asked.set(name, { at: clock.mono(), sure, ...want });
      counts.wanted += want.to - want.from + 1;
    }
    return { v: SYNC_VERSION, kind: "state", boot, committed, want };
  }

  return {
    counts,
    hello({ source: name, held, leaving }) {
      counts.hellos++;
      if (leaving) intake.commit();
      return held.flatMap(({ boot, first, last }) => {
        if (!intake.admits({ source: name, boot })) return [];
        const run = { name, boot, first, last };
        const before = intake.ringAvailability.offer(run, clock.mono());
        // what was held a second ago has arrived by the bus, if it ever will; a controller that is leaving has no second
        const sure = leaving ? last : Math.min(before, last);
        return state(name, { boot, first, last: sure }) ?? [];
      });
    },
    resend({ source, boot, from, done }, frames) {
      const one = asked.get(source);
      const next = from + frames.length;
      if (
        one?.sure.boot !== boot ||
        from < one.from ||
        next > one.to + 1 ||
        frames.length > WANT_MAX
      ) {
        counts.unasked++;
        return null;
      }
      asked.set(source, { ...one, from: next });
      for (const [i, bytes] of frames.entries()) {
        intake.take(bytes, { source, boot, seq: from + i });
        counts.resent++;
        fault("mid-resend");
      }
      if (!done) return null;
      asked.delete(source);
      const more = state(source, one.sure);
      return more?.want == null ? null : more;
    },
  };
}
