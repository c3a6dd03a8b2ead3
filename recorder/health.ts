import { since, type Clock } from "../shared/clock.js";
import type { Health } from "../shared/health.js";
import type { CatchUp } from "./catch-up.js";
import type { Intake } from "./intake.js";
import type { Maintenance } from "./maintenance.js";
import type { Store } from "./store/store.js";
import type { Sync } from "./sync.js";

/** Who brings in what the bus lost. */
export interface Recovery {
  readonly catchUp: Pick<CatchUp, "counts">;
  readonly sync: Pick<Sync, "counts">;
}

/** A log of this size is held back by somebody who reads and does not end. */
const LOG_BYTES_MAX = 64 * 2 ** 20;

/** How the recorder is. */
export function lookAt(
  store: Store,
  intake: Intake,
  maintenance: Maintenance,
  clock: Clock,
  { catchUp, sync }: Recovery,
): Health {
  const reasons = reasonsOf(intake, maintenance, clock);
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
      maintenance: {
        ...maintenance.figures,
        retentionHeldMs: maintenance.clockWatch.holdMs(),
      },
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
function reasonsOf(
  intake: Intake,
  maintenance: Maintenance,
  clock: Clock,
): string[] {
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
  return [...reasons, ...upkeepReasons(maintenance)];
}

function upkeepReasons({ figures, pressure }: Maintenance): string[] {
  const reasons: string[] = [];
  const { failing, sizes } = figures;
  if (failing !== null)
    reasons.push(`the history cannot be rolled up or cut: ${failing}`);
  if (pressure.stuck !== null) reasons.push(pressure.stuck);
  if (sizes !== null && sizes.walBytes > LOG_BYTES_MAX)
    reasons.push(
      `the write-ahead log is ${Math.round(sizes.walBytes / 2 ** 20)} MB: somebody reads the database without an end`,
    );
  return reasons;
}

/** The same as one sentence. */
export function inWords(
  intake: Intake,
  maintenance: Maintenance,
  clock: Clock,
): string {
  const reasons = reasonsOf(intake, maintenance, clock);
  if (reasons.length > 0) return `degraded: ${reasons.join("; ")}`;
  const names = new Set(intake.sources.live().map((run) => run.name));
  return names.size === 0
    ? "waiting for a controller"
    : `recording ${[...names].sort().join(", ")}`;
}
