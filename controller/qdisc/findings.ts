import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import { showMbps, toKbps } from "../../shared/contract/units.js";
import { cakeOptions, type CakeOptions, differences } from "./cake.js";
import type { Device, Host, Root, DesiredQueues } from "./parse.js";

/** A deviation from the configuration. */
export interface Finding {
  readonly direction: Direction;
  readonly what: string;
}

/** Compares the host with the configuration; empty if they agree. */
export function findings(
  wanted: DesiredQueues,
  host: Host,
): readonly Finding[] {
  return DIRECTIONS.flatMap((direction) => {
    const name = wanted.devices[direction];
    const device = host.devices[direction];
    if (device === null)
      return [{ direction, what: `${name}: no such device` }];
    return [
      ...(device.isUp ? [] : ["is down"]),
      ...rootWords(wanted, host, direction, device.root),
      ...offloadWords(direction, device, host.devices.upload),
      ...(direction === "download" ? redirectWords(wanted, host) : []),
    ].map((what) => ({ direction, what: `${name}: ${what}` }));
  });
}

function rootWords(
  wanted: DesiredQueues,
  host: Host,
  direction: Direction,
  root: Root,
): string[] {
  const rate = rateWords(root, wanted.limits[direction]);
  switch (root.kind) {
    case "other":
      return [`its root qdisc is ${root.name}, which does not shape`];
    case "htb":
      return host.has.cake
        ? [...rate, "shaped with HTB, though this kernel has CAKE"]
        : rate;
    case "cake":
      return [
        ...rate,
        ...optionWords(
          root.options,
          cakeOptions(wanted.queue, direction),
          host.masquerades,
        ),
      ];
  }
}

function rateWords(
  { kind, bps }: Root,
  { floorBps, ceilingBps }: DesiredQueues["limits"]["download"],
): string[] {
  if (bps === null)
    return [
      kind === "cake" ? "CAKE without a bandwidth" : "HTB without a class 1:1",
    ];
  if (toKbps(bps) >= toKbps(floorBps) && toKbps(bps) <= toKbps(ceilingBps))
    return [];
  const mbps = (of: number) => showMbps(toKbps(of));
  return [
    `shapes to ${mbps(bps)} Mbit/s, outside ${mbps(floorBps)} to ${mbps(ceilingBps)}`,
  ];
}

function optionWords(
  found: CakeOptions,
  wanted: CakeOptions,
  masquerades: boolean,
): string[] {
  const words = differences(found, wanted).map(
    (differing) => `is ${differing.found}, should be ${differing.wanted}`,
  );
  return masquerades && found.nat === "nonat"
    ? [
        ...words,
        "nonat on a host that masquerades: all hosts behind it are treated as one",
      ]
    : words;
}

/**
 * CAKE splits the aggregates that offloads create; a FIFO of a few packets cannot even hold one. GRO aggregates packets
 * received on the WAN; TSO and GSO those that this host sends itself.
 */
function offloadWords(
  direction: Direction,
  { root }: Device,
  wan: Device | null,
): string[] {
  const which = direction === "download" ? ["gro"] : ["tso", "gso"];
  const on = which.filter((name) => wan?.offloads.includes(name) === true);
  if (root.kind !== "htb" || wan === null || on.length === 0) return [];
  return [
    `HTB gets packets of up to 64 kB: ethtool -K ${wan.name} ${on.join(" off ")} off`,
  ];
}

function redirectWords(wanted: DesiredQueues, { devices }: Host): string[] {
  const { upload, download } = wanted.devices;
  const filters = devices.upload?.ingress?.filters ?? [];
  if (devices.download?.isIfb !== true) return [];
  if (filters.some(({ to }) => to === download)) return [];
  return [`nothing redirects ${upload}'s ingress to it`];
}
