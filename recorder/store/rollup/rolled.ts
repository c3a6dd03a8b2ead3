import {
  DIRECTIONS,
  eachDirection,
  type PerDirection,
} from "../../../shared/contract/direction.js";
import { STATES } from "../../../shared/contract/state.js";
import { DAY_MS } from "../../../shared/contract/units.js";
import {
  decodeFormerSketch,
  type Sketch,
  sumEncoded,
  sumSketches,
} from "../../tiers/sketch.js";
import {
  DAYS_FROM,
  type RolledTier,
  STEP_MS,
  tierCode,
} from "../../tiers/tier.js";
import type { Connection } from "../connection.js";

/** Buckets of one tier that start in an interval, end excluded, summed up in steps counted from an origin. */
interface Stretch {
  readonly tier: RolledTier;
  readonly wan: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly originMs: number;
  readonly stepMs: number;
}

/** One series in one step. */
type RolledStep = readonly [
  series: number,
  step: number,
  count: number,
  sum: number,
  min: number,
  max: number,
];

/** Reads buckets. The work grows with their number, so callers read some at a time. */
export interface Rolled {
  steps(series: readonly number[], stretch: Stretch): readonly RolledStep[];
  /** Time in each state, by step. */
  held(
    stretch: Stretch,
  ): readonly { step: number; ms: PerDirection<readonly number[]> }[];
  /** Sketches of a series, summed up in batches; null if a bucket of a batch has none. */
  sketches(
    series: number,
    stretch: Omit<Stretch, "originMs" | "stepMs">,
  ): Iterable<Sketch | null>;
  cycles(stretch: Stretch): number;
}

/** The unit steps are summed up from: buckets, or whole days if steps consist of days. */
export const unitMs = ({
  tier,
  originMs,
  stepMs,
}: Pick<Stretch, "tier" | "originMs" | "stepMs">): number =>
  tier === DAYS_FROM && originMs % DAY_MS === 0 && stepMs % DAY_MS === 0
    ? DAY_MS
    : STEP_MS[tier];

const ends = (series: readonly number[]) => ({
  first: Math.min(...series),
  last: Math.max(...series),
});

/** Buckets whose sketches are read at once. */
const SKETCHES = 500;

const BUCKETS = `v.tier = @tier and v.wan = @wan and v.bucket_ms >= @fromMs and v.bucket_ms < @toMs`;

/** Every bucket has a coverage row; its key leads to the buckets of one series. */
const OF_SERIES = `coverage v cross join rollup r
  on r.tier = v.tier and r.bucket_ms = v.bucket_ms and r.series = @series where ${BUCKETS}`;

const STEP = "(bucket_ms - @originMs) / @stepMs";

const SUMS = "sum(count), total(sum), min(min), max(max)";

const OF_DAYS = `select series, (day_ms - @originMs) / @stepMs as step, ${SUMS} from day
  where series >= @first and series <= @last and day_ms >= @fromMs and day_ms < @toMs group by step, series`;

const ROLLED_SQL = {
  one: `select r.series, (v.bucket_ms - @originMs) / @stepMs as step, ${SUMS.replace("count", "r.count")}
    from ${OF_SERIES} group by step`,
  all: `select series, ${STEP} as step, ${SUMS} from rollup
    where tier = @tier and bucket_ms >= @fromMs and bucket_ms < @toMs and series >= @first and series <= @last
    group by step, series`,
} as const;

export function openRolled(db: Connection): Rolled {
  const one = db.prepare<object, RolledStep>(ROLLED_SQL.one).raw();
  const all = db.prepare<object, RolledStep>(ROLLED_SQL.all).raw();
  const days = db.prepare<object, RolledStep>(OF_DAYS).raw();
  const columns = DIRECTIONS.flatMap((direction) =>
    STATES.map((state) => `${state.toLowerCase()}_${direction}_ms`),
  );
  const held = db
    .prepare<object, [number, ...number[]]>(
      `select ${STEP} as step, ${columns.map((name) => `sum(${name})`).join(", ")}
         from coverage v where ${BUCKETS} group by step`,
    )
    .raw();
  const sketches = db
    .prepare<object, [sketch: Buffer | null, former: Buffer | null]>(
      `select r.sketch, r.histogram from ${OF_SERIES}`,
    )
    .raw();
  const cycles = db
    .prepare<object, number | null>(
      `select sum(cycles) from coverage v where ${BUCKETS}`,
    )
    .pluck();
  const bound = ({ tier, ...rest }: Stretch) => ({
    ...rest,
    tier: BigInt(tierCode(tier)),
    originMs: BigInt(rest.originMs),
    stepMs: BigInt(rest.stepMs),
  });
  function buckets(series: readonly number[], stretch: Stretch) {
    const [first = 0] = series;
    if (stretch.fromMs >= stretch.toMs) return [];
    return series.length === 1
      ? one.all({ ...bound(stretch), series: first })
      : all.all({ ...bound(stretch), ...ends(series) });
  }

  return {
    steps(series, stretch) {
      const wanted = new Set(series);
      const isWanted = ([id]: RolledStep) => wanted.has(id);
      const { fromMs, toMs } = stretch;
      const lengthMs = unitMs(stretch);
      const inside = {
        fromMs: Math.ceil(fromMs / lengthMs) * lengthMs,
        toMs: Math.floor(toMs / lengthMs) * lengthMs,
      };
      if (lengthMs !== DAY_MS || inside.fromMs >= inside.toMs)
        return buckets(series, stretch).filter(isWanted);
      return [
        ...buckets(series, { ...stretch, toMs: inside.fromMs }),
        ...days.all({ ...bound({ ...stretch, ...inside }), ...ends(series) }),
        ...buckets(series, { ...stretch, fromMs: inside.toMs }),
      ].filter(isWanted);
    },
    held: (stretch) =>
      held.all(bound(stretch)).map(([step, ...ms]) => ({
        step,
        ms: eachDirection((direction) => {
          const at = DIRECTIONS.indexOf(direction) * STATES.length;
          return ms.slice(at, at + STATES.length);
        }),
      })),
    *sketches(series, { tier, wan, fromMs, toMs }) {
      const pieceMs = STEP_MS[tier] * SKETCHES;
      for (let at = fromMs; at < toMs; at += pieceMs) {
        const found = sketches.all({
          ...{ tier: BigInt(tierCode(tier)), wan, series },
          ...{ fromMs: at, toMs: Math.min(toMs, at + pieceMs) },
        });
        const [own, former]: [Buffer[], Buffer[]] = [[], []];
        for (const [sketch, histogram] of found)
          if (sketch !== null) own.push(sketch);
          else if (histogram !== null) former.push(histogram);
        yield own.length + former.length < found.length
          ? null
          : sumSketches([sumEncoded(own), ...former.map(decodeFormerSketch)]);
      }
    },
    cycles: (stretch) => cycles.get(bound(stretch)) ?? 0,
  };
}
