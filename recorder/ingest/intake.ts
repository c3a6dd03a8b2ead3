import {
  FrameError,
  type Identity,
  topicOf,
} from "../../shared/contract/frame.js";
import { MINUTE_MS } from "../../shared/contract/units.js";
import {
  type Clock,
  machineMs,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";
import type { Log } from "../../shared/runtime/log.js";
import { fault } from "../fault.js";
import { SERIES_MAX } from "../store/samples.js";
import type { Arrival, Committed, Store } from "../store/store.js";
import { createRateLimiter, type RateLimiter } from "./frame-receiver.js";
import {
  beyond,
  decode,
  FUTURE_MS,
  openNewestTimeLimit,
  openRefusals,
  type Refusals,
  tooFarAhead,
  tooLong,
  wrongParts,
  wrongTopic,
} from "./refusals.js";
import {
  createRingAvailability,
  type RingAvailability,
} from "./ring-availability.js";
import type { Observer } from "./silences.js";
import { createNameList, createSources, type Sources } from "./sources.js";

/** Frames kept in memory while the database cannot be written: 16 minutes of two controllers. More are not taken. */
const WAITING_MAX = 40_000;

/** The same limit in bytes, for frames much larger than a controller's. */
const WAITING_BYTES_MAX = 64 * 2 ** 20;

/** More frames waiting than this is a backlog: maintenance pauses. 10 s of two controllers. */
const WAITING_USUAL = 400;

/** A frame's `mono` may exceed this machine's uptime by this much, ms. */
const UPTIME_SLACK_MS = MINUTE_MS;

/** Counts since the start. */
interface Counts {
  /** Valid frames received. */
  readonly frames: number;
  readonly committed: number;
  readonly duplicates: number;
  /** Jumps in the seqs received; most are filled shortly after. */
  readonly holes: number;
  readonly gaps: number;
  /** Frames not kept because the database could not be written for too long; their senders still hold them. */
  readonly dropped: number;
  /** Unknown keys in frames. */
  readonly unknownKeys: number;
}

/** Collects frames from the bus into one batch, committed by a timer. */
export interface Intake extends AsyncDisposable {
  /** Takes any message from the bus, unless its sender floods. */
  receive(message: readonly Uint8Array[]): void;
  /** Whether frames of a run are recorded; if not, counts a refusal. */
  admits(run: Omit<Identity, "seq">): boolean;
  /** Takes one untrusted message. @param known which frame it must be, if it was requested */
  take(message: Uint8Array, known?: Identity, topic?: string): void;
  /** Commits the batch. If that fails it stays for the next time; beyond a limit no more frames are added. */
  commit(): void;
  /** Adds an observer. */
  observe(observer: Observer): void;
  /** The seqs of a run waiting for a commit. */
  waitingOf(name: string, boot: string): ReadonlySet<number>;
  readonly counts: Counts;
  readonly refusals: Refusals;
  readonly rateLimiter: RateLimiter;
  readonly sources: Sources;
  readonly ringAvailability: RingAvailability;
  /** How many frames may be requested: half of the limit is reserved for live frames. */
  readonly room: number;
  /** Frames waiting for a commit. */
  readonly waiting: number;
  /** There is a backlog: other work should wait. */
  readonly behind: boolean;
  /** Why the database cannot be written now; null if it can. */
  readonly failing: string | null;
  readonly lastCommit: { readonly at: MonoMs; readonly tookMs: number } | null;
}

export interface IntakeLimits {
  /** Frames kept while the database cannot be written. */
  readonly waitingMax?: number;
  /** ms without an offer after which a run is gone. */
  readonly goneMs?: number;
  /** Uptime of this machine, ms: an upper limit for the age of its processes. */
  readonly uptimeMs?: () => number;
}

export function openIntake(
  store: Store,
  clock: Clock,
  log: Log,
  { waitingMax = WAITING_MAX, goneMs, uptimeMs = machineMs }: IntakeLimits = {},
): Intake {
  const refusals = openRefusals(clock, log);
  const rateLimiter = createRateLimiter();
  const newestTimeLimit = openNewestTimeLimit(clock);
  const sources = createSources();
  const roster = createNameList();
  let isEntered = false;
  const ringAvailability = createRingAvailability(clock.mono(), goneMs);
  const counts = {
    frames: 0,
    committed: 0,
    duplicates: 0,
    holes: 0,
    gaps: 0,
    dropped: 0,
    unknownKeys: 0,
  };
  let waiting: Arrival[] = [];
  let waitingBytes = 0;
  let failing: string | null = null;
  let lastCommit: Intake["lastCommit"] = null;
  /** The earliest wall time since the last commit: the clock may have been set back while commits failed. */
  let earliestMs = Infinity;
  const observers: Observer[] = [];

  function admits({ source, boot }: Omit<Identity, "seq">): boolean {
    const rule = roster.refuses(source, boot, clock.mono());
    if (rule !== null) refusals.add(beyond(source, rule));
    return rule === null;
  }

  function accept(arrival: Arrival, bytes: number, isLive: boolean): void {
    const { source: name, boot } = arrival;
    // drop the newest, not the oldest: rings forget the oldest first
    const isKept =
      waiting.length < waitingMax && waitingBytes < WAITING_BYTES_MAX;
    ringAvailability.hear(name, boot, clock.mono());
    if (arrival.kind !== "refused") {
      // a resent frame may be of an ended run
      if (isLive && sources.hear(arrival, clock.mono()))
        log.info("source_seen", { source: name, boot });
      counts.frames++;
      for (const observer of observers) observer.heard(arrival, isLive, isKept);
    }
    if (isKept) {
      waiting.push(arrival);
      waitingBytes += bytes;
    } else counts.dropped++;
  }

  function refuse(error: FrameError, known: Identity | undefined): void {
    refusals.add(error);
    const identity = known ?? error.identity;
    if (identity === null || !admits(identity)) return;
    if (error.fault === "version") ringAvailability.unreadable(identity);
    else accept({ ...identity, kind: "refused", at: clock.wall() }, 0, false);
  }

  function written(
    { stored, duplicates, holes, gaps, beyond: samples }: Committed,
    begun: MonoMs,
  ) {
    counts.committed += stored;
    counts.duplicates += duplicates;
    counts.holes += holes;
    counts.gaps += gaps;
    for (let i = 0; i < samples; i++)
      refusals.add(
        beyond("?", `a WAN has at most ${SERIES_MAX} sample series: one more`),
      );
    if (gaps > 0) log.warn("frames_lost", { gaps });
    sources.stored(waiting.filter((arrival) => arrival.kind !== "refused"));
    failing = null;
    if (waiting.length === 0) return;
    waiting = [];
    waitingBytes = 0;
    const at = clock.mono();
    lastCommit = { at, tookMs: msSince(begun, at) };
    for (const observer of observers) observer.committed(lastCommit.tookMs);
  }

  /** Enters the WANs in the database, so that new names cannot displace them. */
  function enter(): void {
    const names = isEntered ? null : store.names();
    if (names === null) return;
    roster.enter(names);
    isEntered = true;
  }

  function commit(): void {
    const begun = clock.mono();
    enter();
    newestTimeLimit.look();
    for (const { name, boot } of sources.sweep(begun))
      log.info("source_gone", { source: name, boot });
    earliestMs = Math.min(earliestMs, clock.wall());
    const outcome = store.commit(
      waiting,
      ringAvailability.at(begun),
      earliestMs,
    );
    if (outcome.kind === "committed") {
      earliestMs = Infinity;
      written(outcome, begun);
    } else failing = outcome.cause;
  }

  function take(message: Uint8Array, known?: Identity, topic?: string): void {
    fault("frame-received");
    const decoded = decode(message);
    if (decoded instanceof FrameError) {
      refuse(decoded, known);
      return;
    }
    const { frame, unknownKeys } = decoded;
    if (topic !== undefined && topic !== topicOf(frame)) {
      refuse(wrongTopic(topic, topicOf(frame)), undefined);
      return;
    }
    // a resent frame may be from before the machine was booted
    if (known === undefined && frame.mono > uptimeMs() + UPTIME_SLACK_MS) {
      refuse(tooLong(frame), undefined);
      return;
    }
    counts.unknownKeys += unknownKeys;
    if (!admits(frame)) return;
    const aheadMs = frame.at - newestTimeLimit.look();
    if (aheadMs <= FUTURE_MS)
      accept(frame, message.byteLength, known === undefined);
    else refuse(tooFarAhead(frame, aheadMs), frame);
  }

  enter();
  return {
    admits,
    receive(message) {
      const [head, body] = message;
      const topic = Buffer.from(head ?? []).toString("latin1", 0, TOPIC_MAX);
      const [name = ""] = topic.split("/");
      const bytes = message.reduce((sum, part) => sum + part.byteLength, 0);
      // senders without a known name share one limit
      const known = roster.knows(name) ? name : "";
      if (!rateLimiter.admits(known, bytes, clock.mono())) return;
      if (message.length === 2 && body !== undefined)
        take(body, undefined, topic);
      else refuse(wrongParts(message.length), undefined);
    },
    take,
    waitingOf: (name, boot) =>
      new Set(
        waiting
          .filter((each) => each.source === name && each.boot === boot)
          .map((each) => each.seq),
      ),
    commit,
    observe: (observer) => void observers.push(observer),
    counts,
    refusals,
    rateLimiter,
    sources,
    ringAvailability,
    get room() {
      return Math.floor(waitingMax / 2) - waiting.length;
    },
    get waiting() {
      return waiting.length;
    },
    get behind() {
      return waiting.length > WAITING_USUAL && failing === null;
    },
    get failing() {
      return failing;
    },
    get lastCommit() {
      return lastCommit;
    },
    [Symbol.asyncDispose]() {
      commit();
      return Promise.resolve();
    },
  };
}

/** Longest topic, bytes: a name and a kind. */
const TOPIC_MAX = 64;
