import type { PerDirection } from "../../shared/contract/direction.js";
import { parseActualRate } from "../shapers/tc/qdisc.js";
import {
  type JsonFields,
  fieldsIn,
  listIn,
  numberIn,
  objectsIn,
  textIn,
} from "./answer.js";
import {
  type CakeOptions,
  parseCakeOptions,
  type QueueConfig,
} from "./cake.js";

/** The queues of one WAN according to the configuration. */
export interface DesiredQueues {
  readonly devices: PerDirection<string>;
  readonly limits: PerDirection<{
    readonly floorBps: number;
    readonly baseBps: number;
    readonly ceilingBps: number;
  }>;
  readonly queue: QueueConfig;
}

/** The state of this host, as far as it concerns one WAN. */
export interface Host {
  /** Kernel features; assumed to be present if they cannot be tried. */
  readonly has: { readonly cake: boolean; readonly matchall: boolean };
  /** Whether it does source NAT. */
  readonly masquerades: boolean;
  readonly devices: PerDirection<Device | null>;
  /** Other devices whose ingress is redirected to the download's ifb. */
  readonly feeders: readonly string[];
  /** Error texts for answers that were not valid JSON. Unreadable parts are treated as foreign. */
  readonly unread: readonly string[];
}

export interface Device {
  readonly name: string;
  readonly isIfb: boolean;
  readonly isUp: boolean;
  /** Created by wanctl: an ifb with our alias. */
  readonly isOurs: boolean;
  readonly root: Root;
  readonly ingress: Ingress | null;
  /** Enabled offloads among tso, gso, gro. */
  readonly offloads: readonly string[];
}

/** The root qdisc of a device. The kernel's default has the handle 0: and is owned by no program. */
export type Root = (
  | { readonly kind: "cake"; readonly options: CakeOptions }
  | { readonly kind: "htb" }
  | { readonly kind: "other" }
) & {
  readonly name: string;
  readonly handle: string;
  readonly owner: "kernel" | "ours" | "foreign";
  /** Its rate, bit/s; null if it does not shape. */
  readonly bps: number | null;
  readonly counters: QdiscCounters;
};

export interface QdiscCounters {
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly dropped: number;
  /** ECN-marked packets; 0 if not CAKE. The same for `acksDropped`. */
  readonly marked: number;
  readonly acksDropped: number;
  readonly backlogBytes: number;
}

/** The qdisc that handles incoming packets. */
interface Ingress {
  readonly kind: "ingress" | "clsact";
  readonly filters: readonly Filter[];
}

export interface Filter {
  readonly preference: number;
  readonly kind: string;
  /** The device it redirects to, if any. */
  readonly to: string | null;
}

/** The kind of qdiscs and filters that cannot be parsed. */
export const UNREADABLE = "unreadable";

/** Marks everything that wanctl creates, where the kernel allows it: "CA(K)E". */
export const OUR_HANDLE = "ca4e:";
export const OUR_PREFERENCE = 0xca4e;
export const OUR_ALIAS = "wanctl";

/** Command output about one device: `ip -j -d link`, `tc -j -s qdisc`, `tc -j class`, `tc -j filter`, `ethtool -k`. */
export interface HostAnswers {
  readonly link: string;
  readonly qdiscs: string;
  readonly classes: string;
  readonly filters: string;
  readonly features: string;
}

/** Parses a device; null if there is none, or if its link cannot be parsed. */
export function parseHostDevice(answers: HostAnswers): Device | null {
  const [link] = objectsIn(answers.link) ?? [];
  const name = link === undefined ? null : textIn(link, "ifname");
  if (link === undefined || name === null) return null;
  const isIfb = textIn(fieldsIn(link, "linkinfo"), "info_kind") === "ifb";
  const { flags } = link;
  const qdiscs = objectsIn(answers.qdiscs);
  return {
    name,
    isIfb,
    isUp: Array.isArray(flags) && flags.includes("UP"),
    isOurs: isIfb && textIn(link, "ifalias") === OUR_ALIAS,
    root: qdiscs === null ? UNREADABLE_ROOT : rootOf(qdiscs, answers),
    ingress: ingressOf(qdiscs ?? [], answers.filters),
    offloads: [...answers.features.matchAll(FEATURE)].map(
      ([, feature = ""]) => OFFLOAD[feature] ?? feature,
    ),
  };
}

const FEATURE =
  /^(tcp-segmentation-offload|generic-segmentation-offload|generic-receive-offload): on/gm;
const OFFLOAD: Readonly<Record<string, string>> = {
  "tcp-segmentation-offload": "tso",
  "generic-segmentation-offload": "gso",
  "generic-receive-offload": "gro",
};

const countersOf = (root: JsonFields): QdiscCounters => {
  const tins = listIn(root, "tins");
  const sum = (key: string) =>
    tins.reduce((total, tin) => total + (numberIn(tin, key) ?? 0), 0);
  return {
    sentBytes: numberIn(root, "bytes") ?? 0,
    sentPackets: numberIn(root, "packets") ?? 0,
    dropped: numberIn(root, "drops") ?? 0,
    marked: sum("ecn_mark"),
    acksDropped: sum("ack_drops"),
    backlogBytes: numberIn(root, "backlog") ?? 0,
  };
};

/** Unreadable qdiscs are treated as foreign. */
const UNREADABLE_ROOT: Root = {
  kind: "other",
  name: UNREADABLE,
  handle: "?",
  owner: "foreign",
  bps: null,
  counters: countersOf({}),
};

const NO_ROOT: JsonFields = { kind: "noqueue", handle: "0:" };

function rootOf(qdiscs: readonly JsonFields[], answers: HostAnswers): Root {
  const root = qdiscs.find((qdisc) => qdisc["root"] === true) ?? NO_ROOT;
  const kind = textIn(root, "kind") ?? UNREADABLE;
  const handle = textIn(root, "handle") ?? UNREADABLE_ROOT.handle;
  const enforced = parseActualRate([
    ...answers.classes.split("\n"),
    answers.qdiscs.trim(),
  ]);
  const ours =
    kind === "htb"
      ? qdiscs.some((qdisc) => qdisc["handle"] === OUR_HANDLE)
      : handle === OUR_HANDLE;
  const isNone = enforced === null || enforced === "unreadable";
  const common = {
    name: kind,
    handle,
    owner: ours ? "ours" : handle === "0:" ? "kernel" : "foreign",
    // CAKE without a limit reports "unlimited" or 0
    bps: isNone || enforced.bps === 0 ? null : enforced.bps,
    counters: countersOf(root),
  } as const;
  if (kind === "cake") {
    const options = parseCakeOptions(fieldsIn(root, "options"));
    return { ...common, kind, options };
  }
  return { ...common, kind: kind === "htb" ? "htb" : "other" };
}

function ingressOf(
  qdiscs: readonly JsonFields[],
  filters: string,
): Ingress | null {
  for (const { kind } of qdiscs)
    if (kind === "ingress" || kind === "clsact")
      return { kind, filters: parseFilters(filters) };
  return null;
}

/** Whether any of these filters redirects to a device; works on invalid JSON too. */
export const leadsTo = (filters: string, device: string): boolean =>
  filters.includes(`"to_dev":${JSON.stringify(device)}`);

/** One filter per preference: u32 also lists its hash tables. */
function parseFilters(answer: string): readonly Filter[] {
  const found = objectsIn(answer);
  if (found === null) return UNREADABLE_FILTERS;
  const filters = new Map<number, Filter>();
  for (const filter of found) {
    const preference = numberIn(filter, "pref") ?? NOBODYS_PREFERENCE;
    const kind = textIn(filter, "kind") ?? UNREADABLE;
    const redirect = listIn(fieldsIn(filter, "options"), "actions").find(
      ({ kind, mirred_action: action }) =>
        kind === "mirred" && action === "redirect",
    );
    const before = filters.get(preference)?.to ?? null;
    const to = redirect === undefined ? before : textIn(redirect, "to_dev");
    filters.set(preference, { preference, kind, to });
  }
  return [...filters.values()];
}

/** Not used by any filter. */
const NOBODYS_PREFERENCE = 0;

/** Stands for filters of any program, possibly ours. */
const UNREADABLE_FILTERS = [NOBODYS_PREFERENCE, OUR_PREFERENCE].map(
  (preference): Filter => ({ preference, kind: UNREADABLE, to: null }),
);
