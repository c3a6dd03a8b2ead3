import type { Schema } from "convict";
import { ADDRESS, HOST, like } from "../../shared/config/format.js";

/** What reflectors are asked for. */
export const PROBE_METHODS = ["auto", "echo", "timestamps"] as const;
/** What is tried while nobody answers pings. */
export const FALLBACKS = ["tcp", "off"] as const;

/** Any of a device's names: those besides the kernel's own may be this long (ip-link(8), altname). */
export const DEVICE = like(
  /^[^\s/]{1,127}$/,
  "the name of a device: up to 127 characters, no space and no slash",
);

const required = null as never;

/** The keys of `probe`, as they stand in the file. */
export interface ProbeKeys {
  reflectors: string[];
  spacing_ms: number;
  budget_kbps: number;
  loss_ms: number;
  source: string | null;
  interface: string | null;
  method: string;
  fallback: string;
  fallback_port: number;
  idle_after_s: number;
}

export const PROBE_SCHEMA: Schema<ProbeKeys> = {
  reflectors: {
    doc: "hosts that answer pings, near and independent of each other; six are probed at a time",
    format: "texts",
    like: HOST,
    min: 1,
    max: 16,
    default: required,
  },
  spacing_ms: {
    doc: "one probe leaves every so often, to the reflectors in turn",
    format: "whole",
    min: 20,
    max: 200,
    default: 50,
  },
  budget_kbps: {
    doc: "what all probes together take of the line each way, TCP handshakes included; enough for 20 pings and ten handshakes a second",
    format: "whole",
    min: 1,
    max: 1000,
    default: 35,
  },
  loss_ms: {
    doc: "a probe not answered by then is lost; a later answer still counts as a measurement",
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
    doc: "interface the probes leave by",
    format: "text",
    like: DEVICE,
    nullable: true,
    default: null,
  },
  method: {
    doc: "what reflectors are asked for; auto: timestamps where answered, else pings",
    format: "text",
    values: PROBE_METHODS,
    default: "auto",
  },
  fallback: {
    doc: "tcp: while no ping is answered, TCP handshakes with the same hosts",
    format: "text",
    values: FALLBACKS,
    default: "tcp",
  },
  fallback_port: {
    doc: "port that they listen at",
    format: "whole",
    min: 1,
    max: 65_535,
    default: 443,
  },
  idle_after_s: {
    doc: "on a line unused for so long each host is probed once a second, until it is used again; 0: never",
    format: "whole",
    min: 0,
    max: 86_400,
    default: 60,
  },
};
