import type { EventFrame } from "../../shared/contract/frame.js";
import { MINUTE_MS } from "../../shared/contract/units.js";
import {
  type Clock,
  later,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { realPath } from "../../shared/runtime/lock.js";
import { isDamage, passingCause } from "./connection.js";
import { DatabaseAway, DatabaseDamaged } from "./database.js";
import { bytesOf } from "./disk.js";
import { databaseFiles, type Files, setAside } from "./files.js";
import { type Failed, openStore, type Store } from "./store.js";

/** Shortest time between two damaged files set aside, ms, or a failing disk would fill up with them. */
const AGAIN_MS = MINUTE_MS;

/** An event about the database file. */
export interface Incident {
  readonly event: "database_replaced" | "database_damaged";
  readonly detail: EventFrame["detail"];
}

const INCIDENTS_MAX = 16;

/**
 * A store that survives the loss of its file. While no file can be opened all writes fail; callers retry them. A new
 * file is empty, so the sources are asked again for all frames they hold.
 *
 *     open --- deleted, replaced ----> closed --- check() ---> open
 *       \---- damaged: set aside -----/  ^--- cannot be opened ---/
 *        \--- disk away, read-only ---/
 */
export interface LastingStore extends Store {
  /** Checks that the file is still the one opened; reopens it if not. To be called once a second. */
  check(): void;
  /** Number of times a file was opened. */
  readonly openings: number;
  /** Incidents since the last call. */
  incidents(): readonly Incident[];
}

interface Opened {
  readonly store: Store;
  readonly files: Files;
}

/** @throws Failure if the file or its folder cannot be used, unless that may pass */
export function openLastingStore(path: string, clock: Clock): LastingStore {
  let opened: Opened | null = null;
  let cause = "it is not open";
  let openings = 0;
  let isStale = false;
  let notBefore: MonoMs | null = null;
  let damagedAt: MonoMs | null = null;
  let incidents: Incident[] = [];
  /** The log of a database that was moved away, still to be deleted. */
  let leftOver: Files | null = null;

  function note(event: Incident["event"], detail: Incident["detail"]): void {
    if (incidents.length < INCIDENTS_MAX) incidents.push({ event, detail });
  }

  function open(): void {
    try {
      leftOver?.clear();
      leftOver = null;
      const store = openStore(realPath(path), clock.wall());
      try {
        opened = { store, files: databaseFiles(path) };
      } catch (error) {
        store.drop();
        throw error;
      }
      isStale = false;
      openings++;
    } catch (error) {
      if (error instanceof DatabaseDamaged) damaged(error.keptAs, error);
      // at the first opening a permanent error is thrown, later it is waited for
      else if (openings > 0 || error instanceof DatabaseAway)
        cause = passingCause(error) ?? reasonOf(error);
      else throw error;
    }
  }

  function damaged(keptAs: string, error: unknown): void {
    const now = clock.mono();
    cause = reasonOf(error);
    note("database_damaged", { cause, kept_as: keptAs });
    const isFirst = damagedAt === null || msSince(damagedAt, now) >= AGAIN_MS;
    damagedAt = now;
    notBefore = isFirst ? now : later(now, AGAIN_MS);
  }

  /** @param moved the file was renamed or deleted; its log is to be deleted later */
  function leave({ store, files }: Opened, moved: boolean): void {
    opened = null;
    void store[Symbol.asyncDispose]();
    if (moved) leftOver = files;
  }

  /** Checks the files for changes. */
  function look({ store, files }: Opened): void {
    const change = files.change();
    if (change !== null) {
      note("database_replaced", { how: change.how });
      leave({ store, files }, change.moved);
      return;
    }
    const cut = known(
      attempt((store) => store.tend((upkeep) => upkeep.cutOff())),
    );
    if (cut === "database")
      abandon({ store, files }, new Failure("the file was truncated"));
    if (cut !== "log") return;
    note("database_replaced", { how: "its log was truncated" });
    leave({ store, files }, false);
  }

  /** Sets the file aside before closing it, or its log would be written into it. */
  function abandon({ store }: Opened, error: unknown): void {
    opened = null;
    try {
      damaged(setAside(realPath(path), clock.wall()), error);
    } catch (refusal) {
      cause = `${reasonOf(error)}: ${reasonOf(refusal)}`;
    }
    store.drop();
  }

  function present(): Store {
    if (opened === null) throw new Failure(cause);
    return opened.store;
  }

  const failed = (): Failed => ({ kind: "failed", cause });

  function attempt<T>(work: (store: Store) => T | Failed): T | Failed {
    if (opened === null) return failed();
    try {
      const outcome = work(opened.store);
      if (isFailed(outcome)) isStale ||= outcome.isStale === true;
      return outcome;
    } catch (error) {
      if (!isDamage(error)) throw error;
      abandon(opened, error);
      return failed();
    }
  }

  const known = <T>(outcome: T | Failed): T | null =>
    isFailed(outcome) ? null : outcome;

  open();
  // a damaged file was set aside; the second opening creates a new one
  if (incidents.length > 0) open();
  return {
    path,
    get openings() {
      return openings;
    },
    get records() {
      return present().records;
    },
    incidents() {
      const told = incidents;
      incidents = [];
      return told;
    },
    check() {
      try {
        if (opened !== null) look(opened);
      } catch (error) {
        if (passingCause(error) === undefined) throw error;
        isStale = true;
      }
      if (opened !== null && isStale) leave(opened, false);
      const isDue = notBefore === null || msSince(notBefore, clock.mono()) >= 0;
      if (opened === null && isDue) open();
    },
    commit: (...batch) => attempt((store) => store.commit(...batch)),
    standing: (...run) => known(attempt((store) => store.standing(...run))),
    unfinished: (fromMs) => known(attempt((store) => store.unfinished(fromMs))),
    names: () => known(attempt((store) => store.names())),
    missing: () => known(attempt((store) => store.missing())),
    newestMs: (ms) => known(attempt((store) => store.newestMs(ms))),
    tend: (work) => attempt((store) => store.tend(work)),
    size: () => ({
      dbBytes: bytesOf(path),
      walBytes: bytesOf(`${realPath(path)}-wal`),
    }),
    drop: () => opened?.store.drop(),
    async [Symbol.asyncDispose]() {
      await opened?.store[Symbol.asyncDispose]();
    },
  };
}

const isFailed = (outcome: unknown): outcome is Failed =>
  typeof outcome === "object" &&
  outcome !== null &&
  "kind" in outcome &&
  outcome.kind === "failed";
