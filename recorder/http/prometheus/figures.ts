import type { DoorCounts } from "../../../shared/bus/door.js";
import { type Clock, msSince } from "../../../shared/runtime/clock.js";
import type { CatchUp } from "../../ingest/catch-up.js";
import type { Intake } from "../../ingest/intake.js";
import type { Source } from "../../ingest/sources.js";
import type { Maintenance } from "../../maintenance/maintenance.js";
import type { Store } from "../../store/store.js";
import type { Present } from "../present.js";
import type { SseClients } from "../routes/live.js";

/** A metric family. Names end in a base unit or `_total`, except those of shared/contract/metrics.ts. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

/** A labelled value, or an increment of one. */
export type FigureValue = readonly [labels: Labels, value: number];

/** What a scrape reads. */
export interface FigureSources {
  readonly store: Pick<Store, "size" | "missing">;
  readonly intake: Intake;
  readonly catchUp: Pick<CatchUp, "counts">;
  readonly connections?: Readonly<DoorCounts>;
  readonly maintenance: Maintenance;
  readonly present: Present;
  readonly sseClients: SseClients;
  readonly isFine: () => boolean;
  readonly clock: Clock;
}

/** A metric read at scrape time. Unknown values are absent. */
export interface Figure extends MetricFamily {
  readonly type: "gauge" | "counter";
  points(scene: FigureSources): readonly FigureValue[];
}

const one = (value: number | null | undefined): readonly FigureValue[] =>
  typeof value === "number" ? [[{}, value]] : [];

const figure = (
  type: Figure["type"],
  name: string,
  help: string,
  read: (scene: FigureSources) => number | null | undefined,
): Figure => ({
  type,
  name,
  help,
  labels: [],
  points: (scene) => one(read(scene)),
});

const perWan = (
  type: Figure["type"],
  name: string,
  help: string,
  points: (
    scene: FigureSources,
  ) => readonly (readonly [wan: string, value: number])[],
): Figure => ({
  type,
  name,
  help,
  labels: ["wan"],
  points: (scene) => points(scene).map(([wan, value]) => [{ wan }, value]),
});

/** The newest live run of each admitted name, so that there is one value per name. */
const newestRuns = ({ intake, present }: FigureSources): Source[] => {
  const runs = new Map<string, Source>();
  for (const run of intake.sources.live())
    if (run.since >= (runs.get(run.name)?.since ?? 0)) runs.set(run.name, run);
  const kept = new Set(present.all().map(({ wan }) => wan));
  return [...runs.values()].filter(({ name }) => kept.has(name));
};

export const FIGURES: readonly Figure[] = [
  perWan(
    "gauge",
    "wanctl_frame_age_seconds",
    "Time since the last frame of a controller that has not announced a stop",
    ({ present, clock }) =>
      present
        .all()
        .filter(({ hasStopped }) => !hasStopped)
        .map(({ wan, heardAt }) => [wan, msSince(heardAt, clock.mono()) / 1e3]),
  ),
  perWan(
    "counter",
    "wanctl_frames_published_total",
    "Frames published by the controller since it started: its newest known sequence number",
    ({ present }) => present.all().map(({ wan, lastSeq }) => [wan, lastSeq]),
  ),
  perWan(
    "counter",
    "wanctl_frames_confirmed_total",
    "Sequence number of the newest of these frames in the database",
    (scene) => newestRuns(scene).map(({ name, lastSeq }) => [name, lastSeq]),
  ),
  perWan(
    "gauge",
    "wanctl_recorder_lag_seconds",
    "Age of the newest frame in the database",
    (scene) =>
      newestRuns(scene).flatMap(({ name, lastAtMs }) =>
        lastAtMs === null
          ? []
          : [[name, (scene.clock.wall() - lastAtMs) / 1e3] as const],
      ),
  ),
  figure(
    "gauge",
    "wanctl_recorder_fine",
    "1 while the recorder's health is fine, else 0",
    ({ isFine }) => Number(isFine()),
  ),
  figure(
    "gauge",
    "wanctl_recorder_write_failing",
    "1 while the database cannot be written, else 0",
    ({ intake }) => Number(intake.failing !== null),
  ),
  figure(
    "counter",
    "wanctl_recorder_frames_total",
    "Valid frames received",
    ({ intake }) => intake.counts.frames,
  ),
  figure(
    "counter",
    "wanctl_recorder_committed_total",
    "Frames stored",
    ({ intake }) => intake.counts.committed,
  ),
  figure(
    "counter",
    "wanctl_recorder_duplicates_total",
    "Frames received again after they were stored",
    ({ intake }) => intake.counts.duplicates,
  ),
  figure(
    "counter",
    "wanctl_recorder_refused_total",
    "Messages refused: not a frame, or not acceptable",
    ({ intake }) => intake.refusals.count,
  ),
  figure(
    "gauge",
    "wanctl_recorder_connections",
    "Connections from controllers, two per controller",
    ({ connections }) => connections?.open,
  ),
  figure(
    "counter",
    "wanctl_recorder_connections_refused_total",
    "Connections refused because there were too many",
    ({ connections }) => connections?.refused,
  ),
  figure(
    "counter",
    "wanctl_recorder_dropped_total",
    "Frames dropped because the database could not be written for too long",
    ({ intake }) => intake.counts.dropped,
  ),
  figure(
    "counter",
    "wanctl_recorder_replayed_total",
    "Missing frames received by replay",
    ({ catchUp }) => catchUp.counts.resent,
  ),
  figure(
    "counter",
    "wanctl_recorder_gaps_total",
    "Ranges of frames found permanently lost",
    ({ intake }) => intake.counts.gaps,
  ),
  figure(
    "counter",
    "wanctl_recorder_wans_refused_total",
    "Frames of WAN names beyond the limit, left out of the metrics",
    ({ present }) => present.refused,
  ),
  figure(
    "gauge",
    "wanctl_recorder_missing_frames",
    "Frames still missing",
    ({ store }) => store.missing(),
  ),
  figure(
    "gauge",
    "wanctl_recorder_waiting_frames",
    "Frames waiting for a commit",
    ({ intake }) => intake.waiting,
  ),
  figure(
    "gauge",
    "wanctl_recorder_database_bytes",
    "Size of the database",
    ({ store }) => store.size().dbBytes,
  ),
  figure(
    "gauge",
    "wanctl_recorder_wal_bytes",
    "Size of the write-ahead log of the database",
    ({ store }) => store.size().walBytes,
  ),
  figure(
    "gauge",
    "wanctl_recorder_disk_free_bytes",
    "Free space on the file system of the database",
    ({ maintenance }) => maintenance.figures.sizes?.freeBytes,
  ),
  {
    type: "gauge",
    name: "wanctl_recorder_rollup_lag_seconds",
    help: "How far a tier lags behind the newest cycle",
    labels: ["tier"],
    points: ({ maintenance }) =>
      Object.entries(maintenance.figures.lagMs).map(([tier, lagMs]) => [
        { tier },
        lagMs / 1e3,
      ]),
  },
  figure(
    "gauge",
    "wanctl_recorder_longest_slice_seconds",
    "Longest maintenance slice since the start",
    ({ maintenance }) => maintenance.figures.longestSliceMs / 1e3,
  ),
  figure(
    "counter",
    "wanctl_recorder_expired_rows_total",
    "Rows deleted after their retention",
    ({ maintenance }) => maintenance.figures.expired,
  ),
  figure(
    "gauge",
    "wanctl_live_clients",
    "Clients of the live stream",
    ({ sseClients }) => sseClients.counts.clients,
  ),
  figure(
    "counter",
    "wanctl_live_dropped_total",
    "Frames dropped for slow clients of the live stream",
    ({ sseClients }) => sseClients.counts.dropped,
  ),
  figure(
    "gauge",
    "process_resident_memory_bytes",
    "Resident memory of the recorder",
    () => process.memoryUsage.rss(),
  ),
  figure(
    "counter",
    "process_cpu_seconds_total",
    "CPU time of the recorder",
    () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  ),
];
