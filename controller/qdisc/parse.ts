import { parseEnforced } from "../shaper/qdisc.js";
import { parseCakeOptions, type CakeAnswer } from "./cake.js";
import {
  OUR_ALIAS,
  OUR_HANDLE,
  type Counters,
  type Device,
  type Filter,
  type Ingress,
  type Root,
} from "./host.js";

/** What the programs said about one device: `ip -j -d link`, `tc -j -s qdisc`, `tc -j class`, `tc -j filter`, `ethtool -k`. */
export interface Answers {
  readonly link: string;
  readonly qdiscs: string;
  readonly classes: string;
  readonly filters: string;
  readonly features: string;
}

interface LinkAnswer {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly ifalias?: string;
  readonly linkinfo?: { readonly info_kind?: string };
}

interface QdiscAnswer {
  readonly kind: string;
  readonly handle: string;
  readonly root?: boolean;
  readonly options?: CakeAnswer;
  readonly bytes?: number;
  readonly packets?: number;
  readonly drops?: number;
  readonly backlog?: number;
  readonly tins?: readonly {
    readonly ecn_mark?: number;
    readonly ack_drops?: number;
  }[];
}

interface FilterAnswer {
  readonly pref: number;
  readonly kind: string;
  readonly options?: {
    readonly actions?: readonly {
      readonly kind: string;
      readonly mirred_action?: string;
      readonly to_dev?: string;
    }[];
  };
}

/** A device from what was said about it; null where there is none. */
export function parseDevice(answers: Answers): Device | null {
  const [link] = list(answers.link) as LinkAnswer[];
  if (link === undefined) return null;
  const isIfb = link.linkinfo?.info_kind === "ifb";
  const qdiscs = list(answers.qdiscs) as QdiscAnswer[];
  return {
    name: link.ifname,
    isIfb,
    isUp: link.flags.includes("UP"),
    isOurs: isIfb && link.ifalias === OUR_ALIAS,
    root: rootOf(qdiscs, answers),
    ingress: ingressOf(qdiscs, answers.filters),
    offloads: [...answers.features.matchAll(FEATURE)].map(
      ([, name = ""]) => OFFLOAD[name] ?? name,
    ),
  };
}

/** tc and ip say nothing, or an empty object, where there is nothing. */
function list(answer: string): readonly unknown[] {
  const items: unknown = answer.trim() === "" ? [] : JSON.parse(answer);
  return (Array.isArray(items) ? items : []).filter(
    (item: unknown) => Object.keys(item as object).length > 0,
  );
}

const FEATURE =
  /^(tcp-segmentation-offload|generic-segmentation-offload|generic-receive-offload): on/gm;
const OFFLOAD: Readonly<Record<string, string>> = {
  "tcp-segmentation-offload": "tso",
  "generic-segmentation-offload": "gso",
  "generic-receive-offload": "gro",
};

const NO_ROOT: QdiscAnswer = { kind: "noqueue", handle: "0:" };

function rootOf(qdiscs: readonly QdiscAnswer[], answers: Answers): Root {
  const root = qdiscs.find((qdisc) => qdisc.root === true) ?? NO_ROOT;
  const enforced = parseEnforced([
    ...answers.classes.split("\n"),
    answers.qdiscs.trim(),
  ]);
  const ours =
    root.kind === "htb"
      ? qdiscs.some(({ handle }) => handle === OUR_HANDLE)
      : root.handle === OUR_HANDLE;
  const common = {
    name: root.kind,
    handle: root.handle,
    owner: ours ? "ours" : root.handle === "0:" ? "kernel" : "foreign",
    // CAKE without a limit reports "unlimited" or 0
    bps: enforced === null || enforced.bps === 0 ? null : enforced.bps,
    counters: countersOf(root),
  } as const;
  if (root.kind === "cake")
    return {
      ...common,
      kind: "cake",
      options: parseCakeOptions(root.options ?? {}),
    };
  return { ...common, kind: root.kind === "htb" ? "htb" : "other" };
}

const countersOf = ({ tins = [], ...root }: QdiscAnswer): Counters => ({
  sentBytes: root.bytes ?? 0,
  sentPackets: root.packets ?? 0,
  dropped: root.drops ?? 0,
  marked: tins.reduce((sum, tin) => sum + (tin.ecn_mark ?? 0), 0),
  acksDropped: tins.reduce((sum, tin) => sum + (tin.ack_drops ?? 0), 0),
  backlogBytes: root.backlog ?? 0,
});

function ingressOf(
  qdiscs: readonly QdiscAnswer[],
  filters: string,
): Ingress | null {
  for (const { kind } of qdiscs)
    if (kind === "ingress" || kind === "clsact")
      return { kind, filters: parseFilters(filters) };
  return null;
}

/** One filter per preference: u32 shows its hash tables beside the filter itself. */
function parseFilters(answer: string): readonly Filter[] {
  const filters = new Map<number, Filter>();
  for (const { pref, kind, options } of list(answer) as FilterAnswer[]) {
    const to =
      options?.actions?.find(
        (action) =>
          action.kind === "mirred" && action.mirred_action === "redirect",
      )?.to_dev ?? null;
    const before = filters.get(pref);
    filters.set(pref, { preference: pref, kind, to: to ?? before?.to ?? null });
  }
  return [...filters.values()];
}
