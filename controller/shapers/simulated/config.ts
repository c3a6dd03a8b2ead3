import type { ValuesOf } from "../../../shared/config/format.js";

export const NAME = "simulated";

export const SIMULATION_SCHEMA = {
  line: {
    doc: "which simulated line",
    format: "text",
    values: ["cable", "vdsl"],
    default: "cable",
  },
  seed: {
    doc: "same seed, same traffic",
    format: "whole",
    min: 0,
    max: 2 ** 31,
    default: 1,
  },
} as const;

export interface SimulatedFile {
  simulation: ValuesOf<typeof SIMULATION_SCHEMA>;
}

export type SimulatedConfig = Readonly<SimulatedFile["simulation"]> & {
  readonly backend: typeof NAME;
};
