import type { Frame } from "../../shared/contract/frame.js";
import { DAY_MS } from "../../shared/contract/units.js";
import {
  type Clock,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";
import type { Journal } from "../journal.js";
import { type LastRun, UNFINISHED_MAX } from "../store/runs.js";

/** Called synchronously for every frame: must be fast and must not throw. */
export interface Observer {
  /**
   * @param isLive it was published just now; else it is old and was resent on request
   * @param isKept there was room for it; else it will be requested and come again
   */
  heard(frame: Frame, isLive: boolean, isKept: boolean): void;
  /** A batch was stored. */
  committed(tookMs: number): void;
}

/** A controller without a frame for this long, ms, is silent; normally it sends 20 a second. */
export const SILENT_MS = 15_000;

/** A controller silent for this long, ms, is forgotten: it was removed. */
export const FORGOTTEN_MS = DAY_MS;

/** More than this between two checks, ms: the recorder itself was suspended and received nothing. */
const PAUSED_MS = 5_000;

interface Silent {
  readonly wan: string;
  readonly boot: string;
  readonly lastSeq: number;
  readonly lastAtMs: number;
}

/** Reports when a controller goes silent without `stopping`, and when it is heard again. */
export interface Silences extends Observer {
  /** To be called about once a second. */
  look(): void;
  /** The controllers that are silent now. */
  all(): readonly Silent[];
  /** Controllers not watched because there are too many. */
  readonly unwatched: number;
}

interface Watched extends Silent {
  readonly heardAt: MonoMs;
  readonly hasStopped: boolean;
  /** The silent run that was reported; null if none was. */
  readonly told: Silent | null;
}

/** @param before the last run of each controller that had not stopped when an earlier recorder last saw it */
export function openSilences(
  before: readonly LastRun[],
  journal: Pick<Journal, "note">,
  clock: Clock,
): Silences {
  const watched = new Map<string, Watched>();
  let unwatched = 0;
  let lookedAt = clock.mono();

  for (const { wan, boot, lastSeq, lastAtMs, wasTold } of before) {
    const run = { wan, boot, lastSeq, lastAtMs };
    if (clock.wall() - lastAtMs < FORGOTTEN_MS && watched.size < UNFINISHED_MAX)
      watched.set(wan, {
        ...run,
        heardAt: lookedAt,
        hasStopped: false,
        told: wasTold ? run : null,
      });
  }

  function hasRoom(): boolean {
    if (watched.size < UNFINISHED_MAX) return true;
    for (const { wan, hasStopped } of watched.values())
      if (hasStopped) return watched.delete(wan);
    unwatched++;
    return false;
  }

  function lookAt(each: Watched, now: MonoMs): void {
    const { wan, boot, lastSeq, lastAtMs, heardAt, hasStopped, told } = each;
    const quietMs = msSince(heardAt, now);
    const isQuiet = quietMs >= SILENT_MS;
    if (told !== null && boot === told.boot && lastSeq === told.lastSeq) {
      if (quietMs >= FORGOTTEN_MS) watched.delete(wan);
    } else if (told !== null) {
      const silent_ms = Math.max(0, lastAtMs - told.lastAtMs);
      journal.note("controller_back", { wan, boot, silent_ms });
      watched.set(wan, { ...each, told: null });
    } else if (isQuiet && !hasStopped) {
      journal.note("controller_silent", {
        ...{ wan, boot, last_seq: lastSeq, last_at_ms: lastAtMs },
      });
      watched.set(wan, { ...each, told: { wan, boot, lastSeq, lastAtMs } });
    }
  }

  return {
    heard({ source: wan, boot, seq, at, ...frame }, isLive) {
      const known = watched.get(wan);
      if (!isLive || (known === undefined && !hasRoom())) return;
      const isSame = known?.boot === boot;
      const isStopping = "event" in frame && frame.event === "stopping";
      watched.set(wan, {
        ...{ wan, boot, lastSeq: seq, lastAtMs: at, heardAt: clock.mono() },
        hasStopped: isStopping || (isSame && known.hasStopped),
        told: known?.told ?? null,
      });
    },
    committed: () => undefined,
    look() {
      const now = clock.mono();
      const stoodStill = msSince(lookedAt, now) > PAUSED_MS;
      lookedAt = now;
      for (const each of [...watched.values()])
        if (stoodStill && each.told === null)
          watched.set(each.wan, { ...each, heardAt: now });
        else lookAt(each, now);
    },
    all: () =>
      [...watched.values()].flatMap(({ told }) => (told ? [told] : [])),
    get unwatched() {
      return unwatched;
    },
  };
}
