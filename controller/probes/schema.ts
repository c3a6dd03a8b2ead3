import {
  ADDRESS,
  DEVICE,
  HOST,
  REQUIRED,
  type ValuesOf,
} from "../../shared/config/format.js";
import { FALLBACKS, OFF } from "./kinds.js";
import { PROBE_METHODS } from "./pinger.js";

export const PROBE_SCHEMA = {
  reflectors: {
    doc: "hosts that answer pings, near and independent of each other; six are probed at a time",
    format: "texts",
    like: HOST,
    min: 1,
    max: 16,
    default: REQUIRED,
  },
  spacing_ms: {
    doc: "interval between probes; reflectors take turns",
    format: "whole",
    min: 20,
    max: 200,
    default: 50,
  },
  budget_kbps: {
    doc: "maximum rate of all probes in each direction, including TCP handshakes; the default allows 20 pings and ten handshakes per second",
    format: "whole",
    min: 1,
    max: 1000,
    default: 35,
  },
  loss_ms: {
    doc: "a probe without an answer for this long is lost; a later answer still counts as a measurement",
    format: "whole",
    min: 100,
    max: 5000,
    default: 1000,
  },
  source: {
    doc: "source address of the probes",
    format: "text",
    like: ADDRESS,
    nullable: true,
    default: null,
  },
  interface: {
    doc: "interface the probes are sent from",
    format: "text",
    like: DEVICE,
    nullable: true,
    default: null,
  },
  method: {
    doc: "ICMP type of the probes; auto: timestamps if answered, otherwise echo",
    format: "text",
    values: PROBE_METHODS,
    default: "auto",
  },
  fallback: {
    doc: FALLBACKS.map(({ name, doc }) => `${name}: ${doc}`).join(". "),
    format: "text",
    values: [...FALLBACKS.map(({ name }) => name), OFF],
    default: FALLBACKS[0].name,
  },
  ...FALLBACKS[0].schema,
  idle_after_s: {
    doc: "after the line was unused for this long, each host is probed once per second until it is used again; 0: never",
    format: "whole",
    min: 0,
    max: 86_400,
    default: 60,
  },
} as const;

export type ProbeKeys = ValuesOf<typeof PROBE_SCHEMA>;
