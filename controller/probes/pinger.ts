import type { ReadingKind } from "../../shared/contract/state.js";
import type { Clock, MonoMs } from "../../shared/runtime/clock.js";
import type { Report } from "../../shared/runtime/outage.js";
import type { Reply } from "../law/inputs.js";
import type { Addresses } from "./addresses.js";
import type { Budget } from "./budget.js";

/** The replies and losses since the last call, each once. */
export interface Answers {
  readonly kind: ReadingKind;
  readonly replies: readonly Reply[];
  readonly lost: number;
}

/** The answers of a cycle, replies sorted by arrival. @param isAsleep no probe is outstanding */
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

/** For a cycle without outstanding probes. */
export const NOTHING_ASKED: Answers = answersOf([], 0, true);

/** Shared by all probes of a line. */
export interface Shared {
  readonly addresses: Pick<Addresses, "of">;
  readonly budget: Budget;
}

/** Sends probes in the background. */
export interface Pinger extends AsyncDisposable {
  take(now: MonoMs): Answers;
  /** From now on one round of probes every `roundMs`, then a rest; null: no rests. */
  rest(roundMs: number | null): void;
  /** Discards outstanding probes. */
  forget(now: MonoMs): void;
  /** Why pings cannot be sent now; null if they can. */
  fault(): string | null;
  /** Details for the health socket. */
  view(): Readonly<Record<string, unknown>>;
}

/** Other probes, sent only while too few pings are answered. */
export interface FallbackProbe extends AsyncDisposable {
  take(now: MonoMs): Answers;
  /** Starts or stops; stopping discards outstanding probes. */
  run(isOn: boolean): void;
  rest(roundMs: number | null): void;
  forget(): void;
}

/** Probe types: ICMP echo, ICMP timestamps, or the better of both. */
export const PROBE_METHODS = ["auto", "echo", "timestamps"] as const;

export interface ProbeConfig {
  readonly reflectors: readonly string[];
  readonly spacingMs: number;
  readonly lossMs: number;
  readonly source: string | null;
  readonly interface: string | null;
  readonly method: (typeof PROBE_METHODS)[number];
}

/** A kind of pinger, listed in kinds.ts. */
export interface PingerKind {
  readonly name: string;
  /** Whether it can send these probes with this process's programs and capabilities. @throws Failure if no kind can */
  needs(probe: ProbeConfig): boolean;
  /** The probes that fit the budget, and the rest of the budget for probes of other kinds. */
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

/** A kind of fallback, listed in kinds.ts. */
export interface FallbackKind {
  readonly name: string;
  /** For the documentation of `probe.fallback`. */
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
