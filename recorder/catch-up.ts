import {
  SYNC_VERSION,
  WANT_MAX,
  type Hello,
  type Resend,
  type State,
} from "../shared/bus/sync.js";
import { since, type Clock, type MonoMs } from "../shared/clock.js";
import { fault } from "./fault.js";
import type { Intake } from "./intake.js";
import type { Store } from "./store/store.js";
import { nextWant } from "./want.js";

/** An answer that has not come to its end by then is not waited for; it is asked for again. */
const DEADLINE_MS = 5_000;

/** Sources asked at once, one request each. */
const ASKED_MAX = 64;

/** Brings in what the bus lost: asks each source, one range at a time, for what it holds and the history lacks. */
export interface CatchUp {
  /** What to answer, for each run held. */
  hello(hello: Hello): State[];
  resend(head: Resend, frames: readonly Uint8Array[]): void;
  readonly counts: {
    readonly hellos: number;
    readonly wanted: number;
    readonly resent: number;
    readonly overdue: number;
  };
}

type Held = Hello["held"][number];
type Want = NonNullable<State["want"]>;

export function openCatchUp(
  store: Pick<Store, "standing">,
  intake: Intake,
  clock: Clock,
): CatchUp {
  const counts = { hellos: 0, wanted: 0, resent: 0, overdue: 0 };
  const asked = new Map<string, { readonly at: MonoMs }>();

  function isAsked(name: string): boolean {
    for (const [source, { at }] of asked)
      if (since(at, clock.mono()) >= DEADLINE_MS) {
        asked.delete(source);
        counts.overdue++;
      }
    return asked.has(name) || asked.size >= ASKED_MAX;
  }

  function ask(name: string, { from, to }: Want): Want {
    asked.set(name, { at: clock.mono() });
    counts.wanted += to - from + 1;
    return { from, to };
  }

  function answer({ source: name, leaving }: Hello, held: Held): State[] {
    const { boot, first, last } = held;
    const before = intake.offers.offer({ name, ...held }, clock.mono());
    const standing = store.standing(name, boot);
    if (standing === null) return [];
    const { committed, open } = standing;
    // what was held a second ago has long come by the bus, if it ever will; who is leaving has no second
    const sure = { first, last: leaving ? last : Math.min(before, last) };
    const waiting = intake.waitingOf(name, boot);
    const isHad = (seq: number) =>
      waiting.has(seq) ||
      intake.offers.isUnreadable({ source: name, boot, seq });
    const max = Math.min(WANT_MAX, intake.room);
    const want =
      max <= 0 || isAsked(name) ? null : nextWant(open, sure, isHad, max);
    return [
      {
        v: SYNC_VERSION,
        kind: "state",
        boot,
        committed,
        want: want && ask(name, want),
      },
    ];
  }

  return {
    counts,
    hello(hello) {
      counts.hellos++;
      if (hello.leaving) intake.commit();
      return hello.held.flatMap((held) => answer(hello, held));
    },
    resend({ source, boot, from, done }, frames) {
      for (const [i, bytes] of frames.entries()) {
        intake.take(bytes, { source, boot, seq: from + i });
        counts.resent++;
        fault("mid-resend");
      }
      if (done) asked.delete(source);
    },
  };
}
