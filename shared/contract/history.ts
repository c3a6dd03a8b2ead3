import type { Direction } from "./direction.js";
import type { TierName } from "./tier.js";

/** The recorder's answers about history: over HTTP, at its socket, and from a file. Times are ms since 1970. */

/** One line of a chart: a metric of a WAN with its labels. */
export interface SeriesName {
  readonly wan: string;
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly unit: string;
}

/** `/api/v1/series`: the series there are. */
export interface SeriesAnswer {
  readonly data: readonly (SeriesName & { readonly help: string })[];
  readonly metadata: {
    readonly now: number;
    /** Oldest and newest instant of each WAN, and of each of its tiers. */
    readonly wans: readonly {
      readonly wan: string;
      readonly from: number;
      readonly to: number;
      readonly tiers: readonly {
        readonly tier: TierName;
        readonly from: number;
        readonly to: number;
      }[];
    }[];
  };
}

/** Frames of a WAN that are lost for good. */
export interface Hole {
  readonly wan: string;
  readonly from: number;
  readonly to: number;
  /** null: unknown */
  readonly frames: number | null;
  readonly cause: string;
}

/** How complete an answer is, and which tiers it was made from. */
export interface Completeness {
  readonly from: number;
  /** not included */
  readonly to: number;
  readonly wans: readonly {
    readonly wan: string;
    /** Recorded cycles over expected ones, 0 to 1, in the part of the range since the WAN's first record. */
    readonly coverage: number;
    /** The same over the whole range requested, up to now. */
    readonly recorded: number;
    /** The WAN's first record, if the range begins before it; else null. */
    readonly since: number | null;
    readonly sections: readonly {
      readonly tier: TierName;
      readonly from: number;
      readonly to: number;
    }[];
  }[];
  /** At most the first hundred. */
  readonly gaps: readonly Hole[];
  readonly gapsTotal: number;
  /** Part of the range is missing: expired, never recorded, or lost. */
  readonly partial: boolean;
}

/** Values of one series: one entry in each list per step that has values. */
export interface SeriesValues extends SeriesName {
  /** Start of each step; for single cycles their own times. */
  readonly at: readonly number[];
  readonly min: readonly number[];
  /** For codes the most frequent one, the greater of two. */
  readonly avg: readonly number[];
  readonly max: readonly number[];
  readonly count: readonly number[];
  /** Only for `wanctl_state`: ms of each step in GREEN, YELLOW, SOFT_RED, RED. */
  readonly stateMs?: readonly (readonly number[])[];
}

/** `/api/v1/range`: values over time. */
export interface RangeAnswer {
  readonly data: readonly SeriesValues[];
  readonly metadata: Completeness & {
    /** null: single cycles */
    readonly stepMs: number | null;
    /** Values in this answer, over all series. */
    readonly returned: number;
    /** Cursor for the later rest; null if this is all. */
    readonly next: string | null;
  };
}

type StateName = "GREEN" | "YELLOW" | "SOFT_RED" | "RED";

/** `/api/v1/summary`: a range in a few numbers. */
export interface SummaryAnswer {
  readonly data: readonly (SeriesName & {
    readonly count: number;
    readonly min: number;
    readonly avg: number;
    readonly max: number;
    /** From single values and histograms, within 2 %; null if there are neither: see docs/http.md. */
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
  })[];
  readonly metadata: Completeness & {
    readonly states: readonly {
      readonly wan: string;
      readonly direction: Direction;
      readonly ms: Readonly<Record<StateName, number>>;
    }[];
    /** The minutes with the greatest mean delta, worst first. */
    readonly worst: readonly {
      readonly wan: string;
      readonly at: number;
      readonly deltaAvgMs: number;
      readonly deltaMaxMs: number;
      /** Minutes covered: 1, or more if single minutes are no longer kept. */
      readonly minutes: number;
    }[];
  };
}

/** An entry of `/api/v1/events`. */
export interface HistoryEvent {
  readonly at: number;
  readonly wan: string;
  readonly kind: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly boot: string;
  readonly seq: number;
}

export interface EventsAnswer {
  readonly data: readonly HistoryEvent[];
  readonly metadata: {
    readonly from: number;
    readonly to: number;
    readonly returned: number;
    readonly next: string | null;
  };
}

/** An entry of `/api/v1/gaps`: frames of one run that are lost for good. */
export interface Gap {
  readonly wan: string;
  readonly boot: string;
  readonly fromSeq: number;
  /** null: unknown */
  readonly toSeq: number | null;
  readonly count: number | null;
  /** Time of the frame before; null if there is none. */
  readonly fromMs: number | null;
  /** Time of the frame after; null if there is none. */
  readonly toMs: number | null;
  readonly cause: string;
}

export interface GapsAnswer {
  readonly data: readonly Gap[];
  readonly metadata: EventsAnswer["metadata"];
}
