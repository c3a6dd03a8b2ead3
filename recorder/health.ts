import { since, type Clock } from "../shared/clock.js";
import type { Health } from "../shared/health.js";
import type { CatchUp } from "./catch-up.js";
import type { Intake } from "./intake.js";
import type { Store } from "./store/store.js";
import type { Sync } from "./sync.js";

/** Who brings in what the bus lost. */
export interface Recovery {
  readonly catchUp: Pick<CatchUp, "counts">;
  readonly sync: Pick<Sync, "counts">;
}

/** How the recorder is. */
export function lookAt(
  store: Store,
  intake: Intake,
  clock: Clock,
  { catchUp, sync }: Recovery,
): Health {
  const reasons = reasonsOf(intake, clock);
  const now = clock.mono();
  const { counts, refusals, sources, waiting, lastCommit } = intake;
  return {
    status: reasons.length === 0 ? "fine" : "degraded",
    reasons,
    recorder: {
      pid: process.pid,
      dbPath: store.path,
      ...store.size(),
      ...counts,
      refused: refusals.count,
      waiting,
      missing: store.missing(),
      sync: { ...catchUp.counts, ...sync.counts, ...intake.offers.counts },
      lastCommitMs: lastCommit?.tookMs ?? null,
      lastCommitAgeMs: lastCommit && since(lastCommit.at, now),
    },
    sources: sources.live().map(({ name, boot, lastSeq, lastAtMs }) => ({
      name,
      boot,
      lastSeq,
      lastAtMs,
      lagMs: lastAtMs === null ? null : clock.wall() - lastAtMs,
    })),
  };
}

/** What is wrong, in words. */
function reasonsOf(intake: Intake, clock: Clock): string[] {
  const now = clock.mono();
  const refusal = intake.refusals.recent(now);
  const reasons = intake.sources
    .doubled(now)
    .map((name) => `two controllers call themselves '${name}'`);
  if (intake.failing !== null)
    reasons.unshift(
      `the database cannot be written: ${intake.failing}: ${intake.waiting} frames wait`,
    );
  if (refusal !== null)
    reasons.push(`frames were refused in the last minute: ${refusal}`);
  return reasons;
}

/** The same as one sentence. */
export function inWords(intake: Intake, clock: Clock): string {
  const reasons = reasonsOf(intake, clock);
  if (reasons.length > 0) return `degraded: ${reasons.join("; ")}`;
  const names = new Set(intake.sources.live().map((run) => run.name));
  return names.size === 0
    ? "waiting for a controller"
    : `recording ${[...names].sort().join(", ")}`;
}
