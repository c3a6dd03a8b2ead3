import type { Direction } from "../../shared/contract/direction.js";
import { later, type MonoMs, msSince } from "../../shared/runtime/clock.js";
import type { Sample } from "./estimator.js";
import type { Counted } from "./inputs.js";
import { TUNING } from "./tuning.js";

/** The recent samples, by the time their probes were sent, and whether anybody answers at all. */
export interface Evidence {
  readonly samples: readonly Sample[];
  /** When the last reply came, or null: nothing was ever heard. */
  readonly heardAt: MonoMs | null;
  /** When there was last nobody to wait for, or null: never. Silence counts from then. */
  readonly restedAt: MonoMs | null;
}

export const NO_EVIDENCE: Evidence = {
  ...{ samples: [], heardAt: null, restedAt: null },
};

/** Adds the samples of a beat and forgets what is old. After a silence only probes of the time after it count. */
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
  // Probes sent into the silence tell how long it was, not how long a queue is.
  const voidBefore = wasSilent
    ? later(first.receivedAt, -leastRttMs)
    : -Infinity;
  const kept = wasSilent ? [] : before.samples;
  const counted = fresh.filter((sample) => sample.sentAt >= voidBefore);
  const samples = [...kept];
  for (const sample of counted) insert(samples, sample);
  return forgetting({ ...before, samples, heardAt: last.receivedAt }, now);
}

/** A beat without a probe under way. */
export const resting = (before: Evidence, now: MonoMs): Evidence =>
  forgetting({ ...before, restedAt: now }, now);

/** Puts a sample where its probe was sent: mostly last. */
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

/** How long nobody has answered who was asked, ms; Infinity before the first reply. */
export const silenceMs = (
  { heardAt, restedAt }: Evidence,
  now: MonoMs,
): number =>
  heardAt === null ? Infinity : msSince(latest(heardAt, restedAt), now);

/** How old the newest sample is, less the time when there was none to wait for; Infinity where there is none. */
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

/** Whether the newest sample tells which way it was delayed. */
export const tellsOneWayDelays = ({ samples }: Evidence): boolean =>
  samples.at(-1)?.hasOneWay === true;

/** The unbroken run of newest samples that a direction may have delayed by more than `aboveMs`, oldest first. */
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

/** How often the byte counters move: some network cards write theirs once a second. */
export interface Pulse {
  readonly bytes: number;
  readonly movedAt: MonoMs | null;
  /** So many moves in a row came after a hold with much to tell, and so many without. */
  readonly held: number;
  readonly prompt: number;
  /** How long they stand still between two moves, ms; 0: they move as bytes pass. */
  readonly heldMs: number;
}

export const NO_PULSE: Pulse = {
  ...{ bytes: 0, movedAt: null, held: 0, prompt: 0, heldMs: 0 },
};

/** After the counter values of a beat. A line that is hardly used tells nothing of them. */
export function nextPulse(before: Pulse, fresh: readonly Counted[]): Pulse {
  let pulse = before;
  for (const { at, downloadBytes, uploadBytes } of fresh) {
    const bytes = downloadBytes + uploadBytes;
    if (pulse.movedAt === null || bytes < pulse.bytes)
      pulse = { ...pulse, bytes, movedAt: at };
    else if (bytes > pulse.bytes)
      pulse = moved(pulse, bytes - pulse.bytes, msSince(pulse.movedAt, at), at);
  }
  return pulse;
}

function moved(before: Pulse, by: number, afterMs: number, at: MonoMs): Pulse {
  const { heldMs } = before;
  const pulse = { ...before, bytes: before.bytes + by, movedAt: at };
  if (afterMs < TUNING.heldMs) {
    const prompt = before.prompt + 1;
    const isPrompt = prompt >= TUNING.promptMoves;
    return { ...pulse, prompt, held: 0, heldMs: isPrompt ? 0 : heldMs };
  }
  if (by < TUNING.heldBytes) return pulse;
  const held = before.held + 1;
  const isHeld = heldMs > 0 || held >= TUNING.heldMoves;
  return { ...pulse, held, prompt: 0, heldMs: isHeld ? afterMs : 0 };
}
