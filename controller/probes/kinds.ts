import { FPING } from "./fping/kind.js";
import { ICMP } from "./icmp/kind.js";
import type { FallbackKind, PingerKind, ProbeConfig } from "./pinger.js";
import { TCP } from "./tcp/kind.js";

/** The kinds of pingers, best first. A new one is a folder and a line here. */
const PINGERS: readonly PingerKind[] = [ICMP, FPING];

/** The first kind that can send these probes. @throws Failure naming what is missing and what to do */
export const pingerFor = (probe: ProbeConfig): PingerKind =>
  PINGERS.find((kind) => kind.needs(probe)) ?? FPING;

/** The kinds of fallbacks. */
export const FALLBACKS = [TCP] as const satisfies FallbackKind[];

/** No fallback. */
export const OFF = "off";

export type FallbackName = (typeof FALLBACKS)[number]["name"];

const BY_NAME: ReadonlyMap<string, FallbackKind> = new Map(
  FALLBACKS.map((kind) => [kind.name, kind]),
);

export const fallbackOf = (kind: FallbackName): FallbackKind =>
  BY_NAME.get(kind) ?? TCP;
