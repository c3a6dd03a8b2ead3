import type {
  CycleFrame,
  Frame,
  SampleFrame,
} from "../../shared/contract/frame.js";
import {
  labelText,
  type Metric,
  METRICS,
} from "../../shared/contract/metrics.js";
import { type MonoMs, msSince } from "../../shared/runtime/clock.js";

/** A WAN without a frame for this long is not live. */
export const STALE_AFTER_MS = 10_000;

/** Sparse values are published on change and once a minute; one older than this is unknown. */
const SAMPLE_STALE_MS = 130_000;

/** Maximum number of WAN names: a client of the socket could make up any number of names. */
export const WANS_MAX = 32;

/** The latest state of one WAN. */
export interface WanNow {
  readonly wan: string;
  readonly boot: string;
  readonly lastSeq: number;
  readonly heardAt: MonoMs;
  /** null before the first cycle of this run */
  readonly cycle: CycleFrame | null;
  /** The controller has announced that it is stopping. */
  readonly hasStopped: boolean;
  /** Whether the router answers, as last reported; null if not reported. */
  readonly isRouterUp: boolean | null;
  /** Sparse values by metric and labels. */
  readonly samples: ReadonlyMap<string, Sample>;
}

interface Sample {
  readonly metric: string;
  readonly labels: Metric["labels"];
  readonly value: number;
  readonly at: MonoMs;
}

/** The current state of all WANs, from frames only. */
export interface Present {
  /** Whether frames of this name are accepted; new names are, up to `WANS_MAX`. */
  admits(wan: string): boolean;
  /** Takes a live frame of an admitted name. */
  hear(frame: Frame, now: MonoMs): void;
  all(): readonly WanNow[];
  /** WANs that are live and have a cycle. */
  live(now: MonoMs): readonly (WanNow & { readonly cycle: CycleFrame })[];
  /** Sparse values that are not stale. */
  samples(now: MonoMs): readonly (Sample & { readonly wan: string })[];
  /** Number of frames of names that were not admitted. */
  readonly refused: number;
}

/** Only labels in the metric registry, as arbitrary ones would be unbounded; null if the metric is unknown. */
function knownLabels({
  metric,
  labels,
  value,
}: SampleFrame): Metric["labels"] | null {
  const found = METRICS.find(
    ({ name, labels: own }) => name === metric && hasLabels(labels, own),
  );
  if (found === undefined) return null;
  const { from } = found;
  if (from.kind === "sample") return found.labels;
  if (from.kind !== "counter" || value < 0) return null;
  const known = Object.entries(from.labels);
  return known.every(([key, values]) => values.includes(labels[key] ?? ""))
    ? Object.fromEntries(known.map(([key]) => [key, labels[key] ?? ""]))
    : null;
}

/** Whether labels contain all of others. */
export const hasLabels = (
  labels: Metric["labels"],
  others: Metric["labels"],
): boolean =>
  Object.entries(others).every(([key, value]) => labels[key] === value);

export function openPresent(): Present {
  const wans = new Map<string, WanNow>();
  const names = new Set<string>();
  let refused = 0;

  function before({ source: wan, boot }: Frame, now: MonoMs): WanNow {
    const known = wans.get(wan);
    if (known?.boot === boot) return known;
    return {
      wan,
      boot,
      lastSeq: 0,
      heardAt: now,
      cycle: null,
      hasStopped: false,
      isRouterUp: null,
      samples: new Map(),
    };
  }

  return {
    get refused() {
      return refused;
    },
    admits(wan) {
      if (names.size < WANS_MAX) names.add(wan);
      const isKept = names.has(wan);
      if (!isKept) refused++;
      return isKept;
    },
    hear(frame, now) {
      const last = before(frame, now);
      if (frame.seq > last.lastSeq)
        wans.set(frame.source, after(last, frame, now));
    },
    all: () => [...wans.values()],
    live: (now) =>
      [...wans.values()].flatMap((each) =>
        each.cycle !== null && msSince(each.heardAt, now) <= STALE_AFTER_MS
          ? [{ ...each, cycle: each.cycle }]
          : [],
      ),
    samples: (now) =>
      [...wans.values()].flatMap(({ wan, samples }) =>
        [...samples.values()].flatMap((sample) =>
          msSince(sample.at, now) <= SAMPLE_STALE_MS
            ? [{ wan, ...sample }]
            : [],
        ),
      ),
  };
}

function after(last: WanNow, frame: Frame, now: MonoMs): WanNow {
  const heard = { ...last, lastSeq: frame.seq, heardAt: now };
  switch (frame.kind) {
    case "cycle":
      return { ...heard, cycle: frame };
    case "event":
      return { ...heard, ...said(frame.event) };
    case "sample": {
      const { metric, value } = frame;
      const labels = knownLabels(frame);
      if (labels === null) return heard;
      const key = `${metric}${labelText(labels) ?? ""}`;
      const sample = { metric, labels, value, at: now };
      return {
        ...heard,
        ...(metric === "wanctl_router_up" ? { isRouterUp: value > 0 } : {}),
        samples: new Map(last.samples).set(key, sample),
      };
    }
    case "transition":
    case "config":
      return heard;
  }
}

function said(event: string): Partial<WanNow> {
  if (event === "stopping") return { hasStopped: true };
  if (event === "router_lost") return { isRouterUp: false };
  if (event === "router_back") return { isRouterUp: true };
  return {};
}
