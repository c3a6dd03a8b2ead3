import type { PerDirection } from "../../shared/contract/direction.js";
import type { CakeOptions, QueueConfig } from "./cake.js";

/** What the configuration asks of this host. */
export interface Wanted {
  readonly devices: PerDirection<string>;
  readonly limits: PerDirection<{
    readonly floorBps: number;
    readonly baseBps: number;
    readonly ceilingBps: number;
  }>;
  readonly queue: QueueConfig;
}

/** What is there: as much of this host as matters to one WAN. */
export interface Host {
  /** What the kernel can; where nobody may try it, it is taken to be there. */
  readonly has: { readonly cake: boolean; readonly matchall: boolean };
  /** Does it hide hosts behind its own address? */
  readonly masquerades: boolean;
  readonly devices: PerDirection<Device | null>;
  /** Other devices whose ingress is led to the download's ifb. */
  readonly feeders: readonly string[];
  /** Answers that were not all JSON, in words. What could not be read of them is taken for somebody else's. */
  readonly unread: readonly string[];
}

export interface Device {
  readonly name: string;
  readonly isIfb: boolean;
  readonly isUp: boolean;
  /** Made by us: an ifb with our alias. */
  readonly isOurs: boolean;
  readonly root: Root;
  readonly ingress: Ingress | null;
  /** Those that are on: tso, gso, gro. */
  readonly offloads: readonly string[];
}

/** A device's root qdisc. The kernel's own has the handle 0: and is nobody's. */
export type Root = (
  | { readonly kind: "cake"; readonly options: CakeOptions }
  | { readonly kind: "htb" }
  | { readonly kind: "other" }
) & {
  readonly name: string;
  readonly handle: string;
  readonly owner: "kernel" | "ours" | "foreign";
  /** What it enforces, bit/s; null where it shapes nothing. */
  readonly bps: number | null;
  readonly counters: Counters;
};

export interface Counters {
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly dropped: number;
  /** Packets marked with ECN, and acknowledgements filtered; 0 where it is no CAKE. */
  readonly marked: number;
  readonly acksDropped: number;
  readonly backlogBytes: number;
}

/** What takes packets as they come in. */
export interface Ingress {
  readonly kind: "ingress" | "clsact";
  readonly filters: readonly Filter[];
}

export interface Filter {
  readonly preference: number;
  readonly kind: string;
  /** The device that it redirects to, if it does. */
  readonly to: string | null;
}

/** The kind of what stands in an answer that cannot be read. */
export const UNREADABLE = "unreadable";

/** Whatever we make bears this, where the kernel has room for a mark: "CA(K)E". */
export const OUR_HANDLE = "ca4e:";
export const OUR_PREFERENCE = 0xca4e;
export const OUR_ALIAS = "wanctl";
