import { fileURLToPath } from "node:url";
import { NO_CHECKPOINT } from "../../controller/checkpoint.js";
import { loadControllerConfig } from "../../controller/config/config.js";
import { cycle } from "../../controller/cycle.js";
import type { ControlState } from "../../controller/law/control.js";
import { openLine } from "../../controller/line/open.js";
import { openRandom } from "../../controller/simulation/random.js";
import { type Frame, FRAME_VERSION } from "../../shared/contract/frame.js";
import { PERIOD_MS } from "../../shared/contract/row.js";
import { type MonoMs, systemClock } from "../../shared/runtime/clock.js";

/** 2025-06-15 12:00 UTC, in ms. */
export const NOON_MS = 1_749_988_800_000;

/** How late a beat comes on a machine with other work: 0.15 ms at least, half a millisecond more on average. */
const LATE_LEAST_MS = 0.15;
const LATE_MEAN_MS = 0.5;

/** What building and sending a frame takes, µs. */
const PUBLISH_LEAST_US = 60;
const PUBLISH_MEAN_US = 40;

/** fping tells RTTs of 10 ms and more in tenths of a millisecond. */
const RTT_STEP_US = 100;

/** The beats of two processes do not coincide. */
const PHASE_MS = { spectrum: 0, att: 25 } as const;

/**
 * What the controllers of the demo publish on their simulated lines: the real law on real queues, but for the scheduler's
 * noise, which is drawn. The first at noon, one a beat.
 */
export async function simulatedFrames(
  wan: "spectrum" | "att",
  beats: number,
): Promise<Frame[]> {
  const file = new URL(`../../../config/demo-${wan}.yaml`, import.meta.url);
  const config = loadControllerConfig(fileURLToPath(file)).values;
  await using line = await openLine(config, config, systemClock, () => {});
  const random = openRandom(1, wan);
  const frames: Frame[] = [];
  let atMs = NOON_MS;
  const publisher = {
    lastUs: null as number | null,
    publish: (message: object) => {
      const stamp = {
        v: FRAME_VERSION,
        source: wan,
        boot: "0123456789abcdef",
        seq: frames.length + 1,
        at: Math.round(atMs),
        mono: Math.round(atMs - NOON_MS),
      };
      frames.push(asMeasured(Object.assign(stamp, message) as Frame));
      publisher.lastUs = Math.round(
        PUBLISH_LEAST_US + random.exponential(PUBLISH_MEAN_US),
      );
    },
  };
  const loop = {
    policy: config.policy,
    line,
    publisher,
    checkpoint: NO_CHECKPOINT,
    watch: { look: () => {} },
    condition: { look: () => {}, view: () => null },
    calls: { look: () => {} },
    router: { look: () => {} },
    learned: { look: () => {} },
    view: { show: () => {}, health: () => ({}) as never, words: () => "" },
  };
  let state: ControlState | null = null;
  for (let beat = 0; beat < beats; beat++) {
    const lateMs = Math.min(
      LATE_LEAST_MS + random.exponential(LATE_MEAN_MS),
      PERIOD_MS - 1,
    );
    atMs = NOON_MS + PHASE_MS[wan] + beat * PERIOD_MS + lateMs;
    state = cycle(loop, state, { at: atMs as MonoMs, lateMs, missed: 0 });
  }
  return frames;
}

function asMeasured(frame: Frame): Frame {
  if (frame.kind !== "cycle" || frame.rttUs === null) return frame;
  const rttUs = RTT_STEP_US * Math.round(frame.rttUs / RTT_STEP_US);
  return { ...frame, rttUs };
}

/** Both lines' frames, second by second, for as long as wanted: what was simulated, over and over, as one run. */
export function* seconds(
  lines: readonly (readonly Frame[])[],
  simulatedMs: number,
  totalMs: number,
): Generator<Frame[]> {
  const places = lines.map(() => 0);
  const rounds = lines.map(() => 0);
  for (let endMs = 1e3; endMs <= totalMs; endMs += 1e3) {
    const second: Frame[] = [];
    for (const [index, frames] of lines.entries())
      for (;;) {
        const place = places[index] ?? 0;
        const round = rounds[index] ?? 0;
        const frame = frames[place];
        if (frame === undefined) {
          places[index] = 0;
          rounds[index] = round + 1;
          continue;
        }
        const at = frame.at + round * simulatedMs;
        if (at >= NOON_MS + endMs) break;
        second.push({ ...frame, at, seq: frame.seq + round * frames.length });
        places[index] = place + 1;
      }
    yield second.sort((a, b) => a.at - b.at);
  }
}
