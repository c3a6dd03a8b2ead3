import type { EventName } from "../../../shared/contract/event.js";
import type { Stage } from "./stage.js";

/** Something that befalls a line, a queue, a process or the machine; provoked for real. */
export interface Trouble {
  readonly what: string;
  /** How long it lasts; then it is mended, or must have mended itself. */
  readonly holdMs: number;
  begin(stage: Stage): unknown;
  /** Mends what no controller can. */
  end?(stage: Stage): unknown;
  /** The events that it may begin with, one of which must come. Empty: nothing need be said. */
  readonly begins: readonly EventName[];
  /** The event that says it is over; null where none does. */
  readonly over: EventName | null;
  /** Events that would be untrue of it. */
  readonly never?: readonly EventName[];
  /** What health must say meanwhile; null: it need not say anything. */
  readonly says: RegExp | null;
  /** From its end until all must be right again, where a minute is too short. */
  readonly withinMs?: number;
  /** What it takes to provoke it: netem, a machine of our own, whose clock nobody else reads, or rules of the firewall. */
  readonly needs?: "netem" | "bed" | "nft limit" | "nft reject";
  /** The controller ends in it, and another one goes on. */
  readonly isRestart?: true;
}

/** A reflector that is sent away for the fourth time with little between is asked again after 80 s. */
export const AWAY_MS = 100_000;

/** Nothing need be said, neither by an event nor by health. */
export const SILENTLY: Pick<Trouble, "begins" | "over" | "says"> = {
  begins: [],
  over: null,
  says: null,
};
