import { type MonoMs, msSince } from "../../shared/runtime/clock.js";
import type { IcmpAnswer, Request } from "./icmp/packet.js";

/** When probes are due: every cycle, or in rounds (one probe per reflector) with rests between. */
interface Pace {
  /** Time between the starts of rounds, ms; null: no rests. */
  readonly roundMs: number | null;
  readonly roundAt: MonoMs;
  /** Probes of the round still to be sent. */
  readonly left: number;
}

export const noRest = (now: MonoMs): Pace => ({
  roundMs: null,
  roundAt: now,
  left: 0,
});

/** Whether a probe is due now, and the pace from then on. */
export function due(
  before: Pace,
  reflectors: number,
  now: MonoMs,
): { isDue: boolean; after: Pace } {
  if (before.roundMs === null) return { isDue: true, after: before };
  const isOver = msSince(before.roundAt, now) >= before.roundMs;
  const round = isOver ? { ...before, roundAt: now, left: reflectors } : before;
  const isDue = round.left > 0;
  return { isDue, after: isDue ? { ...round, left: round.left - 1 } : round };
}

/** Whether it is a rest between rounds. */
export const isResting = ({ roundMs, left }: Pace): boolean =>
  roundMs !== null && left === 0;

/** A probe in flight. */
export interface Probe extends Request {
  readonly reflector: number;
  readonly address: string;
  readonly sentAt: MonoMs;
}

/** Why an answer is ignored: damaged, to another process's probe, a duplicate, or to a forgotten probe. */
export type Stray = "damaged" | "foreign" | "duplicate" | "late";

interface Outstanding {
  launch(probe: Probe): void;
  /** The probe an answer belongs to; each is matched once. */
  land(answer: IcmpAnswer): Probe | Stray;
  /** Probes unanswered at their deadline, each once. A later answer still counts: a long queue is not a silence. */
  overdue(now: MonoMs): Probe[];
  /** Whether no probe is awaiting an answer before its deadline. */
  isEmpty(): boolean;
  /** Forgets all of them. */
  clear(): void;
}

/** Probes older than this, ms, are forgotten: a later answer is ignored. */
const FORGOTTEN_MS = 5_000;

/** Tracks probes in flight, for at most {@link FORGOTTEN_MS}. */
export function openOutstanding(id: number, lossMs: number): Outstanding {
  const probes = new Map<
    number,
    { probe: Probe; is: "flying" | "overdue" | "landed" }
  >();
  return {
    launch(probe) {
      for (const [seq, { probe: old }] of probes) {
        if (msSince(old.sentAt, probe.sentAt) < FORGOTTEN_MS) break;
        probes.delete(seq);
      }
      probes.set(probe.seq, { probe, is: "flying" });
    },
    land(answer) {
      if (answer.id !== id) return "foreign";
      const entry = probes.get(answer.seq);
      if (entry === undefined) return "late";
      const { probe } = entry;
      if (
        answer.ask !== probe.ask ||
        answer.from !== probe.address ||
        answer.originateMs !== probe.originateMs
      )
        return "foreign";
      if (entry.is === "landed") return "duplicate";
      entry.is = "landed";
      return probe;
    },
    overdue(now) {
      const late: Probe[] = [];
      for (const entry of probes.values()) {
        if (msSince(entry.probe.sentAt, now) < lossMs) break;
        if (entry.is !== "flying") continue;
        entry.is = "overdue";
        late.push(entry.probe);
      }
      return late;
    },
    isEmpty: () => ![...probes.values()].some(({ is }) => is === "flying"),
    clear: () => probes.clear(),
  };
}
