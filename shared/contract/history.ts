import type { Direction } from "./direction.js";
import type { TierName } from "./tier.js";

/** What the recorder answers about the past: over HTTP, at its socket, and from a file. Times are ms since 1970. */

/** How fine what is shown was kept. */

/** One line of a chart: a metric of a WAN with its labels. */
export interface SeriesName {
  readonly wan: string;
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly unit: string;
}

/** `/api/v1/series`: what there is. */
export interface SeriesAnswer {
  readonly data: readonly (SeriesName & { readonly help: string })[];
  readonly metadata: {
    readonly now: number;
    /** From the oldest to the newest moment of each WAN, and since when each tier has it. */
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

/** Frames of a WAN that will never be had. */
export interface Hole {
  readonly wan: string;
  readonly from: number;
  readonly to: number;
  /** null: unknown */
  readonly frames: number | null;
  readonly cause: string;
}

/** How complete an answer is, and from what it was made. */
export interface Completeness {
  readonly from: number;
  /** not included */
  readonly to: number;
  readonly wans: readonly {
    readonly wan: string;
    /** Recorded cycles over the cycles the time holds, 0 to 1; of the time since the WAN is known. */
    readonly coverage: number;
    /** The same of all the time that was asked for, until now. */
    readonly recorded: number;
    /** Since when the WAN is recorded, where the time begins before; else null. */
    readonly since: number | null;
    readonly sections: readonly {
      readonly tier: TierName;
      readonly from: number;
      readonly to: number;
    }[];
  }[];
  /** The first hundred. */
  readonly gaps: readonly Hole[];
  readonly gapsTotal: number;
  /** Part of the range is not there: expired, never recorded, or lost. */
  readonly partial: boolean;
}

/** Values of one series, a place in every list for each step that has any. */
export interface SeriesValues extends SeriesName {
  /** Where each step begins; of single cycles their own times. */
  readonly at: readonly number[];
  readonly min: readonly number[];
  /** Of codes the one that was most, of two the greater. */
  readonly avg: readonly number[];
  readonly max: readonly number[];
  readonly count: readonly number[];
  /** Of `wanctl_state` only: in each step ms in GREEN, YELLOW, SOFT_RED, RED. */
  readonly stateMs?: readonly (readonly number[])[];
}

/** `/api/v1/range`: values over time. */
export interface RangeAnswer {
  readonly data: readonly SeriesValues[];
  readonly metadata: Completeness & {
    /** null: single cycles */
    readonly stepMs: number | null;
    /** Of all series together, in this answer. */
    readonly returned: number;
    /** Cursor of the rest, which is later; null where this is all. */
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
    /** From single values and histograms, within 2 %; null where there are neither: see docs/http.md. */
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
      /** The minutes it stands for: 1, or more where minutes are no longer kept. */
      readonly minutes: number;
    }[];
  };
}

/** One of `/api/v1/events`. */
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

/** One of `/api/v1/gaps`: frames of one run that the history will never have. */
export interface Gap {
  readonly wan: string;
  readonly boot: string;
  readonly fromSeq: number;
  /** null: unknown */
  readonly toSeq: number | null;
  readonly count: number | null;
  /** The frame before, null: there is none. */
  readonly fromMs: number | null;
  /** The frame behind, null: there is none. */
  readonly toMs: number | null;
  readonly cause: string;
}

export interface GapsAnswer {
  readonly data: readonly Gap[];
  readonly metadata: EventsAnswer["metadata"];
}
