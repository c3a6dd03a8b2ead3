import type { ReadingKind } from "../../shared/contract/state.js";
import type { Clock, MonoMs } from "../../shared/runtime/clock.js";
import type { Report } from "../../shared/runtime/outage.js";
import type { Reply } from "../law/inputs.js";
import type { Addresses } from "./addresses.js";
import type { Budget } from "./budget.js";

/** What one look at the pinger brings: each reply and each loss once. */
export interface Answers {
  readonly kind: ReadingKind;
  readonly replies: readonly Reply[];
  readonly lost: number;
}

/** The answers of a cycle; sorts the replies by arrival. Asleep: no answer is awaited. */
export const answersOf = (
  replies: Reply[],
  lost: number,
  isAsleep = false,
): Answers => ({
  kind:
    replies.length > 0
      ? "reply"
      : lost > 0
        ? "lost"
        : isAsleep
          ? "asleep"
          : "none_yet",
  replies: replies.sort((a, b) => a.receivedAt - b.receivedAt),
  lost,
});

/** Of a cycle in which no answer was awaited. */
export const NOTHING_ASKED: Answers = answersOf([], 0, true);

/** What all probes of a line share. */
export interface Shared {
  readonly addresses: Pick<Addresses, "of">;
  readonly budget: Budget;
}

/** Probes that go out beside the cycle. */
export interface Pinger extends AsyncDisposable {
  take(now: MonoMs): Answers;
  /** From now on a round of probes each so many ms and a rest after it; null: no rests. */
  rest(roundMs: number | null): void;
  /** Nothing that is under way counts any more. */
  forget(now: MonoMs): void;
  /** Why pings cannot be sent now; null if they can. */
  fault(): string | null;
  /** How it measures, for the health socket. */
  view(): Readonly<Record<string, unknown>>;
}

/** Probes of another sort, which run only while pings are not enough. */
export interface FallbackProbe extends AsyncDisposable {
  take(now: MonoMs): Answers;
  /** Begins or ends; when it ends, it forgets what is outstanding. */
  run(isOn: boolean): void;
  rest(roundMs: number | null): void;
  forget(): void;
}

/** What reflectors are asked for. */
export const PROBE_METHODS = ["auto", "echo", "timestamps"] as const;

export interface ProbeConfig {
  readonly reflectors: readonly string[];
  readonly spacingMs: number;
  readonly lossMs: number;
  readonly source: string | null;
  readonly interface: string | null;
  readonly method: (typeof PROBE_METHODS)[number];
}

/** One way to ping; all of them stand in one table (kinds.ts). */
export interface PingerKind {
  readonly name: string;
  /** Whether it can send these probes, with the rights and programs there are. @throws Failure where no other could either */
  needs(probe: ProbeConfig): boolean;
  /** The probes that the budget has room for, and what they leave of it to others who do not share it. */
  within(
    probe: ProbeConfig,
    budgetBps: number,
  ): { readonly probe: ProbeConfig; readonly leftBps: number };
  open(
    probe: ProbeConfig,
    clock: Clock,
    report: Report,
    shared: Shared,
  ): Pinger;
}

/** One thing to try while no ping is answered; all of them stand in one table (kinds.ts). */
export interface FallbackKind {
  readonly name: string;
  /** What it is, for the documentation of `probe.fallback`. */
  readonly doc: string;
  /** Its own keys, under `probe`. */
  readonly schema: Readonly<Record<string, unknown>>;
  open(
    probe: ProbeConfig,
    port: number,
    clock: Clock,
    shared: Shared,
  ): FallbackProbe;
}
