import { initial, step } from "../controller/law/control.js";
import { ratesOf } from "../controller/law/rate-state.js";
import { PRESETS } from "../controller/law/tuning.js";
import { openSimulatedLine } from "../controller/simulation/line.js";
import { SCENARIOS } from "../lab/scenarios.js";
import { PERIOD_MS } from "../shared/contract/row.js";
import type { MonoMs } from "../shared/runtime/clock.js";
import { type Spread, spreadOf } from "../test/bed/spread.js";
import { timed } from "./timing.js";

const PROBING = { reflectors: 6, spacingMs: 50 } as const;

/** What the law costs a beat, µs, on a simulated line that is full both ways and falls. */
export function stepCost(): Spread {
  for (let pass = 0; pass < WARM_UP_PASSES; pass++) costsUs();
  return spreadOf(costsUs());
}

/** 78 s of cycles each; by then the compiler has seen all of it. */
const WARM_UP_PASSES = 2;

function costsUs(): number[] {
  const scenario = SCENARIOS.find(({ id }) => id === "X1");
  if (scenario === undefined) throw new Error("Cannot play X1");
  const { plan, limits, seconds } = scenario;
  const policy = { limits, restless: PRESETS.cable.restless, ...PROBING };
  const line = openSimulatedLine({ plan, seed: 1, ...PROBING, lossMs: 1_000 });
  let state = initial(policy, 0 as MonoMs);
  const costs: number[] = [];
  while (state.at < 1e3 * seconds) {
    line.shape(ratesOf(state.rate));
    const now = line.advance(PERIOD_MS);
    const reading = line.take();
    const { value, ms } = timed(() => step(state, reading, now, policy));
    state = value;
    costs.push(1e3 * ms);
  }
  return costs;
}
