import type { DoorCounts } from "../../shared/bus/door.js";
import { type Clock, msSince } from "../../shared/runtime/clock.js";
import type { Health } from "../../shared/runtime/health.js";
import type { CatchUp } from "../ingest/catch-up.js";
import type { Intake } from "../ingest/intake.js";
import type { Silences } from "../ingest/silences.js";
import type { SyncCounts } from "../ingest/sync.js";
import type { Journal } from "../journal.js";
import type { Maintenance } from "../maintenance/maintenance.js";
import type { Store } from "../store/store.js";
import { type Troubles, troublesOf } from "./troubles.js";

/** Parts of the recorder besides store, intake and maintenance. */
export interface Recovery {
  readonly connections?: Readonly<DoorCounts>;
  readonly catchUp: Pick<CatchUp, "counts">;
  readonly sync: Readonly<SyncCounts>;
  readonly troubles?: Pick<Troubles, "counts" | "damage">;
  readonly silences?: Pick<Silences, "all" | "unwatched">;
  readonly journal?: Pick<Journal, "dropped">;
  readonly config?: { readonly refused: string | null };
}

/** The recorder's health. @param httpUrl null if HTTP is off */
export function recoveryOf(
  store: Store,
  intake: Intake,
  maintenance: Maintenance,
  clock: Clock,
  { catchUp, sync, connections, troubles, silences, journal, config }: Recovery,
  httpUrl: string | null = null,
) {
  const now = clock.mono();
  const damage = troubles?.damage(now) ?? [];
  const reasons = reasonsOf(intake, maintenance, clock).concat(damage);
  if (config?.refused) reasons.push(`configuration: ${config.refused}`);
  const { counts, refusals, rateLimiter, sources, waiting, lastCommit } =
    intake;
  return {
    status: reasons.length === 0 ? ("fine" as const) : ("degraded" as const),
    reasons,
    recorder: {
      pid: process.pid,
      httpUrl,
      dbPath: store.path,
      ...store.size(),
      ...counts,
      refused: refusals.count,
      refusedBy: refusals.byFault,
      held: rateLimiter.held,
      connections: { ...connections },
      troubles: { ...troubles?.counts },
      controllersUnwatched: silences?.unwatched ?? 0,
      eventsDropped: journal?.dropped ?? 0,
      waiting,
      missing: store.missing(),
      sync: { ...catchUp.counts, ...sync, ...intake.ringAvailability.counts },
      lastCommitMs: lastCommit?.tookMs ?? null,
      lastCommitAgeMs: lastCommit && msSince(lastCommit.at, now),
      maintenance: {
        ...maintenance.figures,
        retentionHeldMs: maintenance.clockWatch.holdMs(),
      },
    },
    // a silent controller does not degrade the recorder
    silent: silences?.all() ?? [],
    sources: sources.live().map(({ name, boot, lastSeq, lastAtMs }) => ({
      name,
      boot,
      lastSeq,
      lastAtMs,
      lagMs: lastAtMs === null ? null : clock.wall() - lastAtMs,
    })),
  } satisfies Health;
}

/** Reasons for being degraded, in words. */
function reasonsOf(
  intake: Intake,
  maintenance: Maintenance,
  clock: Clock,
): string[] {
  const now = clock.mono();
  const reasons = troublesOf(intake, maintenance, now).map(
    ({ reason }) => reason,
  );
  const refusal = intake.refusals.recent(now);
  if (refusal !== null)
    reasons.push(`frames were refused in the last minute: ${refusal}`);
  const { figures, pressure } = maintenance;
  // not if commits fail too: that is the cause
  if (figures.failing !== null && intake.failing === null)
    reasons.push(`maintenance of the history fails: ${figures.failing}`);
  if (pressure.stuck !== null) reasons.push(pressure.stuck);
  return reasons;
}

/** The same in one line. */
export function stepsInWords({
  reasons,
  sources,
  recorder,
}: ReturnType<typeof recoveryOf>): string {
  const names = [...new Set(sources.map(({ name }) => name))].sort();
  const lags = sources.flatMap(({ lagMs }) => (lagMs === null ? [] : [lagMs]));
  const megabytes = (recorder.dbBytes / 2 ** 20).toFixed(1);
  const doing =
    names.length === 0
      ? `waiting for a controller, ${megabytes} MB stored`
      : `recording ${names.join(", ")}, ${megabytes} MB stored, lag ${(Math.max(0, ...lags) / 1e3).toFixed(1)} s`;
  return reasons.length === 0
    ? doing
    : `degraded (${reasons.join("; ")}): ${doing}`;
}
