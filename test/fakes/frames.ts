import {
  type Frame,
  FRAME_VERSION,
  type Message,
  type SampleFrame,
} from "../../shared/contract/frame.js";
import type { Row } from "../../shared/contract/row.js";

export const BOOT = "0123456789abcdef";

/** 2025-06-15 12:00 UTC, in ms. */
export const NOON_MS = 1_749_988_800_000;

export const BEAT_MS = 50;

export const CALM: Row = {
  reading: 0,
  rttUs: 24_300,
  loadRttUs: 25_100,
  baselineUs: 23_900,
  deltaUs: 1_200,
  lost: 0,
  stateDownload: 0,
  wantedDownloadKbps: 240_000,
  enforcedDownloadKbps: 240_000,
  loadDownloadKbps: 18_250,
  targetDownloadUs: 15_000,
  causeDownload: 7,
  causeDownloadUs: null,
  stateUpload: 0,
  wantedUploadKbps: 18_500,
  enforcedUploadKbps: 18_500,
  loadUploadKbps: 930,
  targetUploadUs: 15_000,
  causeUpload: 7,
  causeUploadUs: null,
  lateUs: 310,
  missed: 0,
  publishUs: 96,
  badDownload: null,
  samplesDownload: null,
  carriedDownloadKbps: null,
  badUpload: null,
  samplesUpload: null,
  carriedUploadKbps: null,
};

export const cycle = (values: Partial<Row> = {}): Message => ({
  kind: "cycle",
  ...CALM,
  ...values,
});

export const transition = (): Message => ({
  kind: "transition",
  direction: "download",
  from: 1,
  to: 2,
  deltaUs: 50_300,
  threshold: "soft_red",
  thresholdUs: 45_000,
  reason: "RTT delta 50.3ms exceeded soft_red threshold 45ms",
});

export const sample = (
  value: number,
  labels: SampleFrame["labels"] = {},
  metric = "wanctl_steering_enabled",
): Message => ({
  kind: "sample",
  metric,
  value,
  labels,
});

/** A message as its publisher stamps it: the first at noon, one a beat. */
export const stamped = (
  message: Message,
  seq: number,
  header: Partial<Pick<Frame, "source" | "boot" | "at">> = {},
): Frame => ({
  v: FRAME_VERSION,
  source: "spectrum",
  boot: BOOT,
  seq,
  at: NOON_MS + seq * BEAT_MS,
  mono: seq * BEAT_MS,
  ...header,
  ...message,
});

/** Cycle frames with these numbers. */
export const cycles = (
  seqs: readonly number[],
  header: Parameters<typeof stamped>[2] = {},
): Frame[] => seqs.map((seq) => stamped(cycle(), seq, header));
