import { openRandom, type Random } from "./random.js";
import { bytesPerMs } from "./stream.js";
import { openBbr, openCubic, openFlow, type Sender } from "./tcp.js";

/** Mean duration of activity and pauses, both exponentially distributed. Starts within a pause. */
interface OnOff {
  readonly onMeanMs: number;
  readonly offMeanMs: number;
}

/** The traffic in one direction of the line. */
export interface TrafficPlan {
  /** Bulk connections, each on and off independently. */
  readonly bulk: OnOff & {
    readonly flows: number;
    /** Default: `cubic`. */
    readonly congestion?: "cubic" | "bbr";
    /** Earliest start; each flow starts within {@link STAGGER_MS} after it. Default: immediately. */
    readonly fromMs?: number;
  };
  /** Calls at a steady rate and page loads in bursts; neither reacts to losses. */
  readonly background: OnOff & {
    readonly steadyBps: number;
    readonly burstBps: number;
  };
}

/** Spreads the starts of connections that begin together. */
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

/** A sender without congestion control. */
export const openSource = (bytesAt: (nowMs: number) => number): Sender => ({
  out: 0,
  send(nowMs) {
    this.out = bytesAt(nowMs);
  },
  delivered() {},
  dropped() {},
});

/** To be called with non-decreasing times. */
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
