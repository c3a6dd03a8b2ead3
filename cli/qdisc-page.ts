import type { Finding } from "../controller/qdisc/findings.js";
import type { Device, Host, Root, Wanted } from "../controller/qdisc/parse.js";
import { type Direction, DIRECTIONS } from "../shared/contract/direction.js";
import { showMbps, toKbps } from "../shared/contract/units.js";
import { printable, showBytes, wrap } from "./terminal.js";

/** The queues of one WAN for people, as lines of at most 80 columns. */
export function qdiscPage(
  wan: string,
  wanted: Wanted,
  { devices }: Host,
  findings: readonly Finding[],
): readonly string[] {
  const n = findings.length;
  const verdict =
    n === 0 ? "as configured" : `${n} ${n === 1 ? "finding" : "findings"}`;
  return [
    `${wan.padEnd(10)}${verdict}`,
    ...DIRECTIONS.flatMap((direction) => [
      ...section(wanted, direction, devices[direction], devices.upload),
      ...findings
        .filter((finding) => finding.direction === direction)
        .flatMap(({ what }) => wrap("          ! ", printable(what))),
    ]),
  ];
}

function section(
  { devices, limits }: Wanted,
  direction: Direction,
  device: Device | null,
  upload: Device | null,
): readonly string[] {
  const title = head(direction);
  if (device === null) return [`${title}${devices[direction]}: not there`];
  const { root } = device;
  const mbps = (bps: number | null) =>
    showMbps(bps === null ? null : toKbps(bps));
  const { floorBps, ceilingBps } = limits[direction];
  const rate =
    root.bps === null
      ? "no rate"
      : `${mbps(root.bps)} Mbit/s of ${mbps(floorBps)} to ${mbps(ceilingBps)}`;
  const whose = {
    ours: "",
    kernel: " (the kernel's)",
    foreign: " (not wanctl's)",
  };
  const redirected = upload?.ingress?.filters.find(
    ({ to }) => to === device.name,
  );
  return [
    ...wrap(
      title,
      printable(
        `${device.name}: ${root.name} ${root.handle}${whose[root.owner]}, ${rate}`,
      ),
    ),
    ...(root.kind === "cake"
      ? wrap(head(""), Object.values(root.options).join(", "))
      : []),
    ...(redirected === undefined
      ? []
      : wrap(
          head(""),
          `fed by ${upload?.name}'s ingress (${redirected.kind})`,
        )),
    ...wrap(head(""), counterWords(root)),
  ];
}

function counterWords({ kind, counters }: Root): string {
  const { sentBytes, sentPackets, dropped, marked, acksDropped } = counters;
  return [
    `sent ${showBytes(sentBytes)} in ${sentPackets} packets`,
    `${dropped} dropped`,
    ...(kind === "cake" ? [`${marked} marked`] : []),
    ...(acksDropped > 0 ? [`${acksDropped} ACKs filtered`] : []),
    `backlog ${showBytes(counters.backlogBytes)}`,
  ].join(", ");
}

const head = (name: string): string => `  ${name.padEnd(10)}`;
