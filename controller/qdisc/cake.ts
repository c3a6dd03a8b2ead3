import type { Direction } from "../../shared/contract/direction.js";
import { type JsonFields, textIn } from "./answer.js";

/** How packets grow on the wire: cell framing, overhead per packet, minimum packet unit. */
interface Framing {
  readonly framing: "noatm" | "atm" | "ptm";
  readonly overheadBytes: number;
  readonly mpuBytes: number;
}

const framed = (
  framing: Framing["framing"],
  overheadBytes: number,
  mpuBytes = 0,
): Framing => ({ framing, overheadBytes, mpuBytes });

/** Link types and their framing, from tc-cake(8). `raw` uses the packet size as seen by Linux. */
const LINK = {
  raw: null,
  ethernet: framed("noatm", 38, 84),
  docsis: framed("noatm", 18, 64),
  "bridged-ptm": framed("ptm", 22),
  "pppoe-ptm": framed("ptm", 30),
  "ipoa-vcmux": framed("atm", 8),
  "ipoa-llcsnap": framed("atm", 16),
  "pppoa-vcmux": framed("atm", 10),
  "pppoa-llc": framed("atm", 14),
  "bridged-vcmux": framed("atm", 24),
  "bridged-llcsnap": framed("atm", 32),
  "pppoe-vcmux": framed("atm", 32),
  "pppoe-llcsnap": framed("atm", 40),
  conservative: framed("atm", 48),
} as const satisfies Readonly<Record<string, Framing | null>>;

export type LinkLayer = keyof typeof LINK;
export const LINKS = Object.keys(LINK) as readonly LinkLayer[];

export const DIFFSERVS = [
  "besteffort",
  "diffserv3",
  "diffserv4",
  "diffserv8",
] as const;

/** The configuration of both queues. */
export interface QueueConfig {
  readonly link: LinkLayer;
  /** Overrides the overhead of `link`; null: no override. The same for `mpuBytes`. */
  readonly overheadBytes: number | null;
  readonly mpuBytes: number | null;
  readonly rttMs: number;
  readonly nat: boolean;
  /** Download only. */
  readonly wash: boolean;
  /** Upload only. */
  readonly ackFilter: boolean;
  readonly diffserv: (typeof DIFFSERVS)[number];
}

/** All options of CAKE except the bandwidth, as written for tc-cake(8): for comparison, output and commands. */
export interface CakeOptions {
  readonly diffserv: string;
  readonly isolation: string;
  readonly nat: string;
  readonly wash: string;
  readonly ackFilter: string;
  readonly splitGso: string;
  readonly direction: string;
  readonly rtt: string;
  readonly link: string;
}

const OPTIONS = [
  "diffserv",
  "isolation",
  "nat",
  "wash",
  "ackFilter",
  "splitGso",
  "direction",
  "rtt",
  "link",
] as const satisfies readonly (keyof CakeOptions)[];

/** The options of one direction's queue. LAN hosts share it evenly: they are the destinations of the download. */
export const cakeOptions = (
  queue: QueueConfig,
  direction: Direction,
): CakeOptions => {
  const down = direction === "download";
  return {
    diffserv: queue.diffserv,
    isolation: down ? "dual-dsthost" : "dual-srchost",
    nat: queue.nat ? "nat" : "nonat",
    wash: down && queue.wash ? "wash" : "nowash",
    ackFilter: !down && queue.ackFilter ? "ack-filter" : "no-ack-filter",
    splitGso: "split-gso",
    direction: down ? "ingress" : "egress",
    rtt: `rtt ${queue.rttMs}ms`,
    link: linkWords(queue),
  };
};

/** The framing of a link type; null for `raw`. */
export const framingOf = (link: LinkLayer): Framing | null => LINK[link];

function linkWords({ link, overheadBytes, mpuBytes }: QueueConfig): string {
  const framing = LINK[link];
  if (framing === null) return "raw";
  return `${framing.framing} overhead ${overheadBytes ?? framing.overheadBytes} mpu ${mpuBytes ?? framing.mpuBytes}`;
}

/** The options as arguments for tc. */
export const cakeWords = (options: CakeOptions): string =>
  OPTIONS.map((name) => options[name]).join(" ");

/** Parses CAKE's `options` from `tc -j qdisc show`, where values that are 0 or off may be missing. */
export function parseCakeOptions(answer: JsonFields): CakeOptions {
  const text = (key: string) => textIn(answer, key) ?? "unknown";
  const bytes = (key: string) => {
    const value = answer[key] ?? 0;
    return typeof value === "number" ? value : NaN;
  };
  const mpu = bytes("mpu");
  const link =
    answer["raw"] === true
      ? `raw${mpu === 0 ? "" : ` mpu ${mpu}`}`
      : `${text("atm")} overhead ${bytes("overhead")} mpu ${mpu}`;
  return {
    diffserv: text("diffserv"),
    isolation: text("flowmode"),
    nat: answer["nat"] === true ? "nat" : "nonat",
    wash: answer["wash"] === true ? "wash" : "nowash",
    ackFilter: ACK_FILTER[text("ack-filter")] ?? text("ack-filter"),
    splitGso: answer["split_gso"] === true ? "split-gso" : "no-split-gso",
    direction: answer["ingress"] === true ? "ingress" : "egress",
    rtt: `rtt ${bytes("rtt") / 1e3}ms`,
    link,
  };
}

const ACK_FILTER: Readonly<Record<string, string>> = {
  disabled: "no-ack-filter",
  enabled: "ack-filter",
  aggressive: "ack-filter-aggressive",
};

/** The options that differ: found and wanted. */
export const differences = (
  found: CakeOptions,
  wanted: CakeOptions,
): readonly { readonly found: string; readonly wanted: string }[] =>
  OPTIONS.filter((name) => found[name] !== wanted[name]).map((name) => ({
    found: found[name],
    wanted: wanted[name],
  }));
