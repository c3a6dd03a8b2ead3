import type { Direction } from "../../shared/contract/direction.js";
import { later, type MonoMs, msSince } from "../../shared/runtime/clock.js";
import type { Sample } from "./estimator.js";
import type { Counted } from "./inputs.js";
import { TUNING } from "./tuning.js";

/** The recent samples, by send time of their probes, and whether any reflector answers. */
export interface Evidence {
  readonly samples: readonly Sample[];
  /** When the last reply came; null before the first. */
  readonly heardAt: MonoMs | null;
  /** When no probe was last outstanding; null: never. Silence counts from then. */
  readonly restedAt: MonoMs | null;
}

export const NO_EVIDENCE: Evidence = {
  ...{ samples: [], heardAt: null, restedAt: null },
};

/** Adds the samples of a cycle and drops old ones. After a silence only probes sent since then count. */
export function addSamples(
  before: Evidence,
  fresh: readonly Sample[],
  now: MonoMs,
  leastRttMs: number,
): Evidence {
  const first = fresh[0];
  const last = fresh.at(-1);
  if (first === undefined || last === undefined) return forgetting(before, now);
  const silent = silenceMs(before, first.receivedAt);
  const wasSilent = Number.isFinite(silent) && silent > TUNING.silenceMs;
  // probes sent during the silence measure its length, not a queue
  const voidBefore = wasSilent
    ? later(first.receivedAt, -leastRttMs)
    : -Infinity;
  const kept = wasSilent ? [] : before.samples;
  const counted = fresh.filter((sample) => sample.sentAt >= voidBefore);
  const samples = [...kept];
  for (const sample of counted) insert(samples, sample);
  return forgetting({ ...before, samples, heardAt: last.receivedAt }, now);
}

/** A cycle without a probe outstanding. */
export const resting = (before: Evidence, now: MonoMs): Evidence =>
  forgetting({ ...before, restedAt: now }, now);

/** Inserts by send time: usually at the end. */
function insert(samples: Sample[], sample: Sample): void {
  let place = samples.length;
  while (place > 0 && (samples[place - 1]?.sentAt ?? 0) > sample.sentAt)
    place--;
  samples.splice(place, 0, sample);
}

function forgetting(evidence: Evidence, now: MonoMs): Evidence {
  const { samples } = evidence;
  const horizon = later(now, -TUNING.memoryMs);
  let from = Math.max(0, samples.length - TUNING.memorySamples);
  while (from < samples.length && (samples[from]?.receivedAt ?? now) < horizon)
    from++;
  return from === 0 ? evidence : { ...evidence, samples: samples.slice(from) };
}

/** Time since the last reply, less the time without a probe outstanding, ms; Infinity before the first reply. */
export const silenceMs = (
  { heardAt, restedAt }: Evidence,
  now: MonoMs,
): number =>
  heardAt === null ? Infinity : msSince(latest(heardAt, restedAt), now);

/** Age of the newest sample, less the time without a probe outstanding, ms; Infinity where there is none. */
export function ageMs({ samples, restedAt }: Evidence, now: MonoMs): number {
  const newest = samples.at(-1);
  return newest === undefined
    ? Infinity
    : msSince(latest(newest.sentAt, restedAt), now);
}

const latest = (at: MonoMs, restedAt: MonoMs | null): MonoMs =>
  restedAt !== null && restedAt > at ? restedAt : at;

/** The last `count` samples whose probes were sent at or after `from`, oldest first. */
export function lastSamples(
  { samples }: Evidence,
  count: number,
  from: MonoMs,
): readonly Sample[] {
  const last = samples.slice(-count);
  return last.filter((sample) => sample.sentAt >= from);
}

/** Whether the newest sample has one-way delays. */
export const tellsOneWayDelays = ({ samples }: Evidence): boolean =>
  samples.at(-1)?.hasOneWay === true;

/** The unbroken run of newest samples whose delay in a direction is above `aboveMs`, oldest first. */
export function runAbove(
  samples: readonly Sample[],
  direction: Direction,
  aboveMs: number,
): readonly Sample[] {
  const isAbove = (sample: Sample | undefined) =>
    sample !== undefined && sample.delayMs[direction] > aboveMs;
  let from = samples.length;
  while (isAbove(samples[from - 1])) from--;
  return samples.slice(from);
}

/** How often the byte counters are updated: some network cards do it once a second. */
export interface CounterUpdates {
  readonly bytes: number;
  readonly movedAt: MonoMs | null;
  /** Moves in a row that were large and came after a hold; moves in a row that came without one. */
  readonly held: number;
  readonly prompt: number;
  /** Time between two updates, ms; 0: continuous. */
  readonly heldMs: number;
}

export const NO_COUNTER_UPDATES: CounterUpdates = {
  ...{ bytes: 0, movedAt: null, held: 0, prompt: 0, heldMs: 0 },
};

/** After the counter values of a cycle. A line that is hardly used shows nothing. */
export function nextCounterUpdates(
  before: CounterUpdates,
  fresh: readonly Counted[],
): CounterUpdates {
  let counterUpdates = before;
  for (const { at, downloadBytes, uploadBytes } of fresh) {
    const bytes = downloadBytes + uploadBytes;
    if (counterUpdates.movedAt === null || bytes < counterUpdates.bytes)
      counterUpdates = { ...counterUpdates, bytes, movedAt: at };
    else if (bytes > counterUpdates.bytes)
      counterUpdates = moved(
        counterUpdates,
        bytes - counterUpdates.bytes,
        msSince(counterUpdates.movedAt, at),
        at,
      );
  }
  return counterUpdates;
}

function moved(
  before: CounterUpdates,
  by: number,
  afterMs: number,
  at: MonoMs,
): CounterUpdates {
  const { heldMs } = before;
  const counterUpdates = { ...before, bytes: before.bytes + by, movedAt: at };
  if (afterMs < TUNING.heldMs) {
    const prompt = before.prompt + 1;
    const isPrompt = prompt >= TUNING.promptMoves;
    return {
      ...counterUpdates,
      prompt,
      held: 0,
      heldMs: isPrompt ? 0 : heldMs,
    };
  }
  if (by < TUNING.heldBytes) return counterUpdates;
  const held = before.held + 1;
  const isHeld = heldMs > 0 || held >= TUNING.heldMoves;
  return { ...counterUpdates, held, prompt: 0, heldMs: isHeld ? afterMs : 0 };
}
