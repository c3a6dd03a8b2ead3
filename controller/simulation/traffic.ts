import { openRandom, type Random } from "./random.js";
import { bytesPerMs } from "./stream.js";
import { openBbr, openCubic, openFlow, type Sender } from "./tcp.js";

/** How long something goes on and how long it pauses, on average; both vary exponentially. It begins within a pause. */
interface OnOff {
  readonly onMeanMs: number;
  readonly offMeanMs: number;
}

/** What people do with one direction of the line. */
export interface TrafficPlan {
  /** Places for bulk connections, each taken and left again as its own dice say. */
  readonly bulk: OnOff & {
    readonly flows: number;
    /** `cubic` where not said. */
    readonly congestion?: "cubic" | "bbr";
    /** No flow begins before; then each within {@link STAGGER_MS}. At once where not said. */
    readonly fromMs?: number;
  };
  /** Calls at a steady rate, and pages that load in bursts; neither listens to losses. */
  readonly background: OnOff & {
    readonly steadyBps: number;
    readonly burstBps: number;
  };
}

/** So that connections told to begin together do so as people do. */
const STAGGER_MS = 500;

export const ALWAYS: OnOff = { onMeanMs: Infinity, offMeanMs: 0 };

export function openTraffic(
  traffic: TrafficPlan,
  seed: number,
  name: string,
): readonly Sender[] {
  const { bulk, background } = traffic;
  const random = (purpose: string) => openRandom(seed, `${name} ${purpose}`);
  const flows = Array.from({ length: bulk.flows }, (_, place) => {
    const dice = random(`flow ${place}`);
    const isOn = onOff(dice, bulk);
    const fromMs =
      bulk.fromMs === undefined ? 0 : bulk.fromMs + dice.between(0, STAGGER_MS);
    return openFlow(
      (nowMs) => nowMs >= fromMs && isOn(nowMs),
      bulk.congestion === "bbr" ? () => openBbr(dice) : openCubic,
    );
  });
  const bursts = onOff(random("background"), background);
  const steady = bytesPerMs(background.steadyBps);
  const burst = bytesPerMs(background.burstBps);
  return [
    ...flows,
    openSource((nowMs) => steady + (bursts(nowMs) ? burst : 0)),
  ];
}

/** A sender that sends as it likes and hears nothing. */
export const openSource = (bytesAt: (nowMs: number) => number): Sender => ({
  out: 0,
  send(nowMs) {
    this.out = bytesAt(nowMs);
  },
  delivered() {},
  dropped() {},
});

/** Asked with instants that never go back. */
function onOff(
  random: Random,
  { onMeanMs, offMeanMs }: OnOff,
): (nowMs: number) => boolean {
  let isOn = false;
  let untilMs = random.between(0, offMeanMs);
  return (nowMs) => {
    while (nowMs >= untilMs) {
      isOn = !isOn;
      untilMs += random.exponential(isOn ? onMeanMs : offMeanMs);
    }
    return isOn;
  };
}
