import type { FallbackKind } from "../pinger.js";
import { openTcp } from "./tcp.js";

/** TCP handshakes with a commonly open port. Needs no program and no capability. */
export const TCP = {
  name: "tcp",
  doc: "while no ping is answered, TCP handshakes with the same hosts",
  schema: {
    fallback_port: {
      doc: "their TCP port",
      format: "whole",
      min: 1,
      max: 65_535,
      default: 443,
    },
  },
  open: openTcp,
} as const satisfies FallbackKind;
