import { type MonoMs, msSince } from "../../shared/runtime/clock.js";
import type { IcmpAnswer, Request } from "./icmp/packet.js";

/** When probes are due: at every cycle, or in rounds of one for each reflector with a rest after them. */
interface Pace {
  /** How far apart rounds begin, ms; null: no rests. */
  readonly roundMs: number | null;
  readonly roundAt: MonoMs;
  /** How many probes of the round are still to be sent. */
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

/** Whether it is a rest: nothing is due. */
export const isResting = ({ roundMs, left }: Pace): boolean =>
  roundMs !== null && left === 0;

/** A probe on its way. */
export interface Probe extends Request {
  readonly reflector: number;
  readonly address: string;
  readonly sentAt: MonoMs;
}

/** Why an answer is of no use: damaged, to another process's probe, a second one, or to a probe no longer remembered. */
export type Stray = "damaged" | "foreign" | "duplicate" | "late";

interface Outstanding {
  launch(probe: Probe): void;
  /** The probe that is answered; each is landed once. */
  land(answer: IcmpAnswer): Probe | Stray;
  /** The probes that passed their deadline unanswered, each once. They can still land: a long queue is no silence. */
  overdue(now: MonoMs): Probe[];
  /** Whether no answer is awaited. */
  isEmpty(): boolean;
  /** Forgets all of them. */
  clear(): void;
}

/** A queue of 5 s is still a measurement; what is longer away is forgotten. */
const FORGOTTEN_MS = 5_000;

/** The probes in flight: at most as many as leave in {@link FORGOTTEN_MS}. */
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
