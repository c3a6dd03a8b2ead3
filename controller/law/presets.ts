/** How the law goes about a line of some kind. Most of it is the same for all (tuning.ts). */
export interface Manner {
  /** After a drain it waits so long, ms, before it looks for more again. */
  readonly settleMs: number;
  /** It raises by so much of the rate a second near the capacity it met. */
  readonly slowPerS: number;
  /** And by so much elsewhere. */
  readonly fastPerS: number;
}

export interface Preset {
  /** Where GREEN ends unless the file says otherwise, ms of delta. */
  readonly targetMs: number;
  readonly manner: Manner;
  readonly reason: string;
}

const STEADY: Manner = { settleMs: 1_000, slowPerS: 0.1, fastPerS: 1.2 };
/** A line that carries another rate every second is worth looking at oftener, and is refound faster than it changes. */
const RESTLESS: Manner = { settleMs: 200, slowPerS: 0.3, fastPerS: 1.5 };

export const PRESETS = {
  cable: {
    targetMs: 15,
    manner: STEADY,
    reason: "capacity falls for minutes; the modem's turns add some ms",
  },
  vdsl: {
    targetMs: 15,
    manner: STEADY,
    reason: "hardly changes; a full packet of the upload alone takes ms",
  },
  fibre: {
    targetMs: 9,
    manner: STEADY,
    reason: "no jitter of its own, so a smaller delay can be told from none",
  },
  lte: {
    targetMs: 30,
    manner: RESTLESS,
    reason: "capacity changes within a second, the radio's turns add 10-20 ms",
  },
  starlink: {
    targetMs: 25,
    manner: RESTLESS,
    reason: "another satellite, path and capacity every 15 s",
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];
