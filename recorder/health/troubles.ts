import { endOf } from "../../shared/contract/event.js";
import { HOUR_MS } from "../../shared/contract/units.js";
import {
  type Clock,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";
import type { Intake } from "../ingest/intake.js";
import type { Detail, Journal } from "../journal.js";
import type { Maintenance } from "../maintenance/maintenance.js";
import type { Incident, LastingStore } from "../store/lasting-store.js";

/** Troubles with a duration. */
type TroubleKind =
  "database_lost" | "log_held" | "source_doubled" | "source_flooding";

interface Trouble {
  readonly kind: TroubleKind;
  /** Distinguishes troubles of one kind. */
  readonly about: string;
  /** Shown in health while it lasts. */
  readonly reason: string;
  readonly detail: Detail;
}

/** Above this size, bytes, the write-ahead log is reported: a reader keeps it from being emptied. */
const LOG_BYTES_MAX = 64 * 2 ** 20;

/** The present troubles. */
export function troublesOf(
  intake: Intake,
  maintenance: Maintenance,
  now: MonoMs,
): readonly Trouble[] {
  const troubles: Trouble[] = [];
  const { failing, waiting, sources, rateLimiter } = intake;
  if (failing !== null)
    troubles.push({
      kind: "database_lost",
      about: "",
      reason: `the database cannot be written: ${failing}: ${waiting} frames are waiting`,
      detail: { cause: failing },
    });
  for (const name of sources.doubled(now))
    troubles.push({
      kind: "source_doubled",
      about: name,
      reason: `two controllers use the name '${name}'`,
      detail: { source: name, boots: sources.bootsOf(name).join(" ") },
    });
  for (const name of rateLimiter.flooding(now))
    troubles.push({
      kind: "source_flooding",
      about: name,
      reason: `${name === "" ? "an unknown source" : `'${name}'`} sends more frames than a controller can: it is rate-limited`,
      detail: { source: name, held: rateLimiter.held },
    });
  const walBytes = maintenance.figures.sizes?.walBytes ?? 0;
  const walMb = Math.round(walBytes / 2 ** 20);
  if (walBytes > LOG_BYTES_MAX)
    troubles.push({
      kind: "log_held",
      about: "",
      reason: `the write-ahead log is ${walMb} MB: a reader keeps a transaction open`,
      detail: { wal_mb: walMb },
    });
  return troubles;
}

/** Reports the beginning and end of troubles, in the log and in the history. */
export interface Troubles {
  /** To be called about once a second. */
  look(): void;
  /** Number of occurrences of each. */
  readonly counts: Readonly<Record<TroubleKind | Incident["event"], number>>;
  /** Damage of the database within the last hour, in words; null if none. */
  damage(now: MonoMs): string | null;
}

/** How long health reports a damaged database after it was set aside, ms. */
const DAMAGE_MS = HOUR_MS;

export function openTroubles(
  store: Pick<LastingStore, "incidents">,
  intake: Intake,
  maintenance: Maintenance,
  journal: Journal,
  clock: Clock,
): Troubles {
  const counts = {
    database_lost: 0,
    database_replaced: 0,
    database_damaged: 0,
    log_held: 0,
    source_doubled: 0,
    source_flooding: 0,
  };
  let damage: { readonly at: MonoMs; readonly keptAs: string } | null = null;
  const begun = new Map<string, { trouble: Trouble; at: MonoMs }>();
  const keyOf = ({ kind, about }: Trouble) => `${kind} ${about}`;

  return {
    counts,
    damage: (now) =>
      damage !== null && msSince(damage.at, now) < DAMAGE_MS
        ? `the database was damaged: kept as '${damage.keptAs}'`
        : null,
    look() {
      const now = clock.mono();
      for (const { event, detail } of store.incidents()) {
        counts[event]++;
        journal.note(event, detail);
        if (event === "database_damaged")
          damage = { at: now, keptAs: String(detail["kept_as"]) };
      }
      const troubles = troublesOf(intake, maintenance, now);
      const keys = troubles.map(keyOf);
      for (const [key, { trouble, at }] of begun)
        if (!keys.includes(key)) {
          journal.note(endOf(trouble.kind), {
            ...trouble.detail,
            lasted_ms: Math.round(msSince(at, now)),
          });
          begun.delete(key);
        }
      for (const trouble of troubles) {
        const key = keyOf(trouble);
        if (begun.has(key)) continue;
        begun.set(key, { trouble, at: now });
        counts[trouble.kind]++;
        journal.note(trouble.kind, trouble.detail);
      }
      intake.refusals.sweep(journal);
    },
  };
}
