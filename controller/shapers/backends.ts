import type { ValuesOf } from "../../shared/config/format.js";
import type { ShaperBackend } from "./backend.js";
import { ON_FOREIGN } from "./direction-state.js";
import { ROUTEROS } from "./routeros/backend.js";
import { SIMULATED } from "./simulated/backend.js";
import { TC } from "./tc/backend.js";

/** All backends. A new one is a folder, a line here, and its keys below. */
const ALL = [TC, ROUTEROS, SIMULATED] as const;

export const BACKEND_SCHEMA = {
  shaper: {
    backend: {
      doc: ALL.map(({ name, doc }) => `${name}: ${doc}`).join(". "),
      format: "text",
      values: ALL.map(({ name }) => name),
      default: TC.name,
    },
    on_foreign: {
      doc: "what to do about a rate set by another program: correct it, or respect it and pause writing",
      format: "text",
      values: ON_FOREIGN,
      default: "correct",
    },
    ...TC.schema,
    ...ROUTEROS.schema,
  },
  simulation: SIMULATED.schema,
} as const;

export type BackendKeys = ValuesOf<typeof BACKEND_SCHEMA>;

export type ShaperConfig = ReturnType<(typeof ALL)[number]["configOf"]>;

export const BACKENDS: readonly ShaperBackend<BackendKeys, ShaperConfig>[] =
  ALL;

/** The backend chosen in a file or configuration. */
export function backendOf({
  backend,
}: Pick<ShaperConfig, "backend">): ShaperBackend<BackendKeys, ShaperConfig> {
  return BACKENDS.find(({ name }) => name === backend) ?? TC;
}
