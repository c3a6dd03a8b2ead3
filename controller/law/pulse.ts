import { type MonoMs, since } from "../../shared/runtime/clock.js";
import type { Counted } from "./reading.js";
import { TUNING } from "./tuning.js";

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
export function followPulse(before: Pulse, fresh: readonly Counted[]): Pulse {
  let pulse = before;
  for (const { at, downloadBytes, uploadBytes } of fresh) {
    const bytes = downloadBytes + uploadBytes;
    if (pulse.movedAt === null || bytes < pulse.bytes)
      pulse = { ...pulse, bytes, movedAt: at };
    else if (bytes > pulse.bytes)
      pulse = moved(pulse, bytes - pulse.bytes, since(pulse.movedAt, at), at);
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
