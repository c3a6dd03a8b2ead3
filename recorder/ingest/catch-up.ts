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

/** A range of seqs that may be requested; null: open-ended. */
interface Open {
  readonly fromSeq: number;
  readonly toSeq: number | null;
}

/**
 * The next range to request from a source: the oldest frames that it holds and the database lacks.
 * @param open seqs not stored, in order
 * @param held seqs the source certainly holds
 * @param hadTo last seq of a stretch, starting at this one, that need not be requested, as it waits in memory or is
 * unreadable; null if this one must be requested
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

/** A request not fully answered after this time, ms, is dropped; its frames are requested again. */
const DEADLINE_MS = 5_000;

/** Sources with a pending request, one each; others wait. */
const ASKED_MAX = 64;

/** Recovers frames the bus lost: requests from each source, one range at a time, what the database lacks. */
export interface CatchUp {
  /** The answers, one per run held. */
  hello(hello: Hello): StateReply[];
  /** The next request, once the last one is answered; frames not requested are ignored. */
  resend(head: Resend, frames: readonly Uint8Array[]): StateReply | null;
  readonly counts: {
    readonly hellos: number;
    readonly wanted: number;
    readonly resent: number;
    readonly overdue: number;
    /** Messages with frames not requested. */
    readonly unasked: number;
  };
}

type HeldRange = Hello["held"][number];

/** The pending request to a source, and the seqs it certainly holds. */
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

  /** @param sure seqs of the run that may be requested */
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
        // frames held a second ago have arrived by the bus, or never will; a stopping controller cannot wait that long
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
