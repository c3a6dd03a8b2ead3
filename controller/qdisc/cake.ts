import type { Direction } from "../../shared/contract/direction.js";
import { type JsonFields, textIn } from "./answer.js";

/** How a line's packets are larger on the wire than for IP: framing, bytes added to each, and the smallest one. */
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

/** Kinds of line, with what tc-cake(8) says of them. `raw` counts packets as Linux does. */
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

/** What the configuration says of both queues. */
export interface QueueConfig {
  readonly link: LinkLayer;
  /** Instead of what `link` has; null keeps that. */
  readonly overheadBytes: number | null;
  readonly mpuBytes: number | null;
  readonly rttMs: number;
  readonly nat: boolean;
  /** Of what comes in. */
  readonly wash: boolean;
  /** Of what goes out. */
  readonly ackFilter: boolean;
  readonly diffserv: (typeof DIFFSERVS)[number];
}

/** All that CAKE is told except the bandwidth, each in the words of tc-cake(8): so they compare, print and are said. */
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

/** The options of one direction's queue. The hosts of the LAN share it evenly, whichever side they are seen from. */
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

/** The bytes that a kind of line adds, and its smallest packet; null where packets are counted as Linux does. */
export const framingOf = (link: LinkLayer): Framing | null => LINK[link];

function linkWords({ link, overheadBytes, mpuBytes }: QueueConfig): string {
  const framing = LINK[link];
  if (framing === null) return "raw";
  return `${framing.framing} overhead ${overheadBytes ?? framing.overheadBytes} mpu ${mpuBytes ?? framing.mpuBytes}`;
}

/** The options as one line of words for tc. */
export const cakeWords = (options: CakeOptions): string =>
  OPTIONS.map((name) => options[name]).join(" ");

/** From CAKE's `options` in the answer to `tc -j qdisc show`. What is 0 or off may be missing there. */
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

/** Where two sets of options differ: what is there, and what should be. */
export const differences = (
  found: CakeOptions,
  wanted: CakeOptions,
): readonly { readonly found: string; readonly wanted: string }[] =>
  OPTIONS.filter((name) => found[name] !== wanted[name]).map((name) => ({
    found: found[name],
    wanted: wanted[name],
  }));
