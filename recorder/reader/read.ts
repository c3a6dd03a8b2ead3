import type { RowField } from "../../shared/contract/row.js";
import type { Records } from "../store/records.js";
import { unitMs } from "../store/rolled.js";
import type { Section } from "../tiers/section.js";
import { bucketStart, STEP_MS } from "../tiers/tier.js";
import type { Sink } from "./sinks.js";
import type { Wan, Wanted } from "./wanted.js";

/** Work that takes a while, in pieces of some milliseconds. */
export type Pieces<T> = Generator<undefined, T>;

/** Rows of buckets read at once. */
const ROWS = 4_000;

/** How buckets are added up before they come here. */
export interface Steps {
  readonly originMs: number;
  readonly stepMs: number;
  /** Whether a bucket that begins before its section, and reaches into it, is taken too. */
  readonly takesBegun: boolean;
}

/** A series and where its values go. */
export interface Target {
  readonly series: Wanted;
  readonly sink: Sink;
}

const isState = ({ series }: Target): boolean =>
  series.name.metric === "wanctl_state";

/** Brings what sections of a WAN hold to where it is wanted. */
export function* read(
  records: Records,
  wan: Wan,
  sections: readonly Section[],
  steps: Steps,
  targets: readonly Target[],
): Pieces<void> {
  for (const section of sections)
    if (section.tier === "raw") yield* readRaw(records, wan, section, targets);
    else yield* readRolled(records, wan, section, steps, targets);
}

function* readRaw(
  { cycles, samples }: Records,
  { id: wan }: Wan,
  { fromMs, toMs }: Section,
  targets: readonly Target[],
): Pieces<void> {
  const fields = new Set<RowField>();
  for (const { series } of targets)
    if (series.field !== null) fields.add(series.field);
  if (targets.some(isState)) fields.add("missed");
  const order = [...fields];
  if (fields.size > 0)
    for (const { at, values } of cycles.columns(wan, order, fromMs, toMs)) {
      for (const target of targets) {
        const { field } = target.series;
        if (field === null) continue;
        target.sink.values(
          at,
          values[order.indexOf(field)] ?? [],
          isState(target) ? values[order.indexOf("missed")] : undefined,
        );
      }
      yield;
    }
  const sparse = targets.filter(({ series }) => series.field === null);
  if (sparse.length === 0) return;
  const found = samples.between(wan, fromMs, toMs);
  for (const { series, sink } of sparse) {
    const own = found.filter((each) => each.series === series.id);
    sink.values(
      own.map(({ atMs }) => atMs),
      own.map(({ value }) => value),
      undefined,
    );
  }
  yield;
}

function* readRolled(
  { rolled }: Records,
  { id: wan }: Wan,
  { tier, fromMs, toMs }: Section,
  { originMs, stepMs, takesBegun }: Steps,
  targets: readonly Target[],
): Pieces<void> {
  if (tier === "raw") return;
  const known = new Map(
    targets.flatMap((target) =>
      target.series.id === null ? [] : [[target.series.id, target] as const],
    ),
  );
  const states = targets.filter(isState);
  const ownMs = unitMs({ tier, originMs, stepMs });
  const pieceMs = ownMs * Math.max(1, Math.floor(ROWS / (known.size + 1)));
  const begun = bucketStart(tier, fromMs);
  const isWhole = begun === fromMs || takesBegun;
  const first = isWhole ? begun : begun + STEP_MS[tier];
  for (let at = first; at < toMs;) {
    const nextMs = Math.floor((at + pieceMs) / ownMs) * ownMs;
    const stretch = {
      ...{ tier, wan, originMs, stepMs },
      ...{ fromMs: at, toMs: Math.min(toMs, nextMs) },
    };
    at = nextMs;
    const timeOf = (step: number) => originMs + step * stepMs;
    for (const [id, step, count, sum, min, max] of known.size > 0
      ? rolled.steps([...known.keys()], stretch)
      : [])
      known.get(id)?.sink.add(timeOf(step), { count, sum, min, max });
    if (states.length > 0)
      for (const { step, ms } of rolled.held(stretch))
        for (const { series, sink } of states)
          sink.hold(
            timeOf(step),
            ms[
              series.name.labels["direction"] === "upload"
                ? "upload"
                : "download"
            ],
          );
    yield;
  }
}
