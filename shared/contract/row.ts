/**
 * The record of one cycle: the fields of a `cycle` frame and the columns of the `cycle` table, with their units and the
 * meaning of null. This is the order on the wire and on disk; all values are integers.
 */
interface Field {
  readonly unit: "code" | "µs" | "kbit/s" | "count";
  readonly means: string;
  /** What null means; absent if the field is never null. */
  readonly nullMeans?: string;
  readonly signed?: true;
  /** Mostly null; left out of the frame if null. */
  readonly isRare?: true;
}

const NO_REPLY = "no reply in this cycle";
const NOTHING_YET = "nothing measured yet";
const UNCONFIRMED = "no write or read-back has succeeded yet";
const NO_COUNTERS = "no byte counters";
const NO_CUT = "no cut in this cycle: left out of the frame";

const ROW = {
  reading: {
    unit: "code",
    means: "0 reply, 1 none_yet, 2 lost, 3 asleep, 4 no_link",
  },
  rttUs: {
    unit: "µs",
    means: "median over reflectors of this cycle's replies",
    nullMeans: NO_REPLY,
  },
  loadRttUs: {
    unit: "µs",
    means: "baseline plus the smoothed delta",
    nullMeans: NOTHING_YET,
  },
  baselineUs: {
    unit: "µs",
    means: "RTT of the idle path",
    nullMeans: NOTHING_YET,
  },
  deltaUs: {
    unit: "µs",
    means: "load RTT minus baseline",
    nullMeans: NOTHING_YET,
    signed: true,
  },
  lost: {
    unit: "count",
    means: "probes that passed their deadline in this cycle",
  },
  stateDownload: {
    unit: "code",
    means: "0 GREEN, 1 YELLOW, 2 SOFT_RED, 3 RED",
  },
  wantedDownloadKbps: { unit: "kbit/s", means: "rate the controller desires" },
  enforcedDownloadKbps: {
    unit: "kbit/s",
    means: "rate the router is known to enforce",
    nullMeans: UNCONFIRMED,
  },
  loadDownloadKbps: {
    unit: "kbit/s",
    means: "traffic on the line",
    nullMeans: NO_COUNTERS,
  },
  targetDownloadUs: { unit: "µs", means: "effective target of the delta" },
  causeDownload: { unit: "code", means: "cause of the wanted rate" },
  causeDownloadUs: {
    unit: "µs",
    means: "number shown with the cause",
    nullMeans: "the cause has none",
    signed: true,
  },
  stateUpload: { unit: "code", means: "0 GREEN, 1 YELLOW, 3 RED" },
  wantedUploadKbps: { unit: "kbit/s", means: "rate the controller desires" },
  enforcedUploadKbps: {
    unit: "kbit/s",
    means: "rate the router is known to enforce",
    nullMeans: UNCONFIRMED,
  },
  loadUploadKbps: {
    unit: "kbit/s",
    means: "traffic on the line",
    nullMeans: NO_COUNTERS,
  },
  targetUploadUs: { unit: "µs", means: "effective target of the delta" },
  causeUpload: { unit: "code", means: "cause of the wanted rate" },
  causeUploadUs: {
    unit: "µs",
    means: "number shown with the cause",
    nullMeans: "the cause has none",
    signed: true,
  },
  lateUs: { unit: "µs", means: "delay of the start of the cycle" },
  missed: { unit: "count", means: "cycles skipped since the previous one" },
  publishUs: {
    unit: "µs",
    means: "time to build and send the previous frame",
    nullMeans: "first frame of a run",
  },
  badDownload: {
    unit: "count",
    means: "bad samples that caused the cut",
    nullMeans: NO_CUT,
    isRare: true,
  },
  samplesDownload: {
    unit: "count",
    means: "samples considered for the cut",
    nullMeans: NO_CUT,
    isRare: true,
  },
  carriedDownloadKbps: {
    unit: "kbit/s",
    means: "capacity measured at the cut",
    nullMeans: "no cut in this cycle, or no byte counters: left out",
    isRare: true,
  },
  badUpload: {
    unit: "count",
    means: "bad samples that caused the cut",
    nullMeans: NO_CUT,
    isRare: true,
  },
  samplesUpload: {
    unit: "count",
    means: "samples considered for the cut",
    nullMeans: NO_CUT,
    isRare: true,
  },
  carriedUploadKbps: {
    unit: "kbit/s",
    means: "capacity measured at the cut",
    nullMeans: "no cut in this cycle, or no byte counters: left out",
    isRare: true,
  },
} as const satisfies Record<string, Field>;

export type RowField = keyof typeof ROW;

/** The values of one cycle, in the units of {@link ROW}. */
export type Row = {
  readonly [F in RowField]: (typeof ROW)[F] extends { nullMeans: string }
    ? number | null
    : number;
};

/** Time between cycles, ms (CTRL-01). */
export const PERIOD_MS = 50;

export const ROW_FIELDS = Object.keys(ROW) as RowField[];

export const field = (name: RowField): Field => ROW[name];

export const RARE_FIELDS = ROW_FIELDS.filter((name) => field(name).isRare);

/** The database column of a field: `wanted_download_kbps` for `wantedDownloadKbps`. */
export const column = (name: RowField): string =>
  name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
