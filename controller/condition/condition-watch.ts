import { endOf, type TroubleName } from "../../shared/contract/event.js";
import type { Message } from "../../shared/contract/frame.js";
import { type Condition, conditionCode } from "../../shared/contract/state.js";
import {
  type Clock,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";
import type { Report } from "../../shared/runtime/outage.js";
import {
  conditionInWords,
  type Facts,
  standing,
  type ConditionNow,
  standingAt,
} from "./classification.js";
import { openSamples } from "./samples.js";

/** Tracks the condition of the line and reports changes. */
export interface ConditionWatch {
  look(facts: Facts, now: MonoMs): void;
  /** The condition in words; null before the first cycle. */
  view(): ConditionView | null;
}

interface ConditionView {
  readonly name: Condition;
  readonly sinceMs: number;
  /** Why it is not measuring; null if it is. */
  readonly why: string | null;
}

/** The event that begins with a condition; the table of events has its end. Silence is reported by Watch. */
const EVENTS: Readonly<Partial<Record<Condition, TroubleName>>> = {
  reduced: "reflectors_few",
  sparse: "answers_few",
  filtered: "pings_filtered",
  line_down: "line_lost",
  no_link: "link_lost",
};

export function openConditionWatch(
  clock: Clock,
  report: Report,
  publish: (message: Message) => void,
): ConditionWatch {
  let latest: { standing: ConditionNow; facts: Facts; at: MonoMs } | null =
    null;
  const samples = openSamples(publish);

  function change(
    before: ConditionNow,
    after: ConditionNow,
    facts: Facts,
    now: MonoMs,
  ): void {
    const wallOf = (at: MonoMs) => Math.round(clock.wall() - msSince(at, now));
    const ended = EVENTS[before.condition];
    if (ended !== undefined)
      report(endOf(ended), {
        began_ms: wallOf(before.from),
        ended_ms: wallOf(after.from),
        lasted_ms: Math.round(msSince(before.from, after.from)),
      });
    const begun = EVENTS[after.condition];
    if (begun !== undefined)
      report(begun, {
        began_ms: wallOf(after.from),
        why: conditionInWords(after, facts, after.from),
      });
  }

  return {
    look(facts, now) {
      const before = latest?.standing ?? standingAt(now);
      const after = standing(before, facts, now);
      if (after.condition !== before.condition)
        change(before, after, facts, now);
      samples.tell("wanctl_condition", conditionCode(after.condition), now);
      latest = { standing: after, facts, at: now };
    },
    view() {
      if (latest === null) return null;
      const { standing: now, facts, at } = latest;
      return {
        name: now.condition,
        sinceMs: Math.round(msSince(now.from, at)),
        why: conditionInWords(now, facts, at),
      };
    },
  };
}
