import { BlockList, isIP } from "node:net";
import {
  listIn,
  numberIn,
  textIn,
  type JsonFields,
} from "../../controller/qdisc/answer.js";
import { objectsOf, runCommand } from "../../controller/qdisc/look.js";

export type IpFamily = 4 | 6;

/** A device with a default route, and the address family of that route; 4 if both have one. */
export interface Uplink {
  readonly device: string;
  readonly family: IpFamily;
}

/** The uplinks of this host in all routing tables, preferred one first. @throws Failure */
export function uplinks(): Uplink[] {
  const found = ([4, 6] as const).flatMap((family) =>
    told(`ip -j -${family} route show table all default`)
      .filter((route) => textIn(route, "type") !== "unreachable")
      .toSorted((a, b) => rankOf(a) - rankOf(b))
      .flatMap((route) => [route, ...listIn(route, "nexthops")])
      .flatMap((hop) => textIn(hop, "dev") ?? [])
      .filter((device) => device !== "lo")
      .map((device) => ({ device, family })),
  );
  const isFirst = ({ device }: Uplink, i: number) =>
    found.findIndex((other) => other.device === device) === i;
  return found.filter(isFirst);
}

/** Added to the metric of routes in other tables, which are used only by rules. */
const OTHER_TABLE = 2 ** 32;

const rankOf = (route: JsonFields): number =>
  (numberIn(route, "metric") ?? 0) +
  ([null, "main"].includes(textIn(route, "table")) ? 0 : OTHER_TABLE);

/** The devices of this host, each with all its names. */
export const devicesHere = (): string[][] =>
  told("ip -j link show").flatMap((link) => {
    const name = textIn(link, "ifname");
    const others = link["altnames"];
    return name === null
      ? []
      : [[name, ...(Array.isArray(others) ? others.map(String) : [])]];
  });

/**
 * The address of a device that an `ip rule add from ADDRESS table N` routes; packets from another address are not
 * routed by the device. Null if there is none.
 */
export function sourceOf(device: string, family: IpFamily): string | null {
  const rules = told(`ip -j -${family} rule show`)
    .filter(
      (rule) => !/^(local|main|default)$/.test(textIn(rule, "table") ?? ""),
    )
    .flatMap((rule) => {
      const from = textIn(rule, "src") ?? "";
      if (isIP(from) !== family) return [];
      const range = new BlockList();
      const bits = numberIn(rule, "srclen") ?? (family === 4 ? 32 : 128);
      range.addSubnet(from, bits, nameOf(family));
      return [range];
    });
  const addresses = told(
    `ip -j -${family} addr show dev ${device} scope global`,
  )
    .flatMap((link) => listIn(link, "addr_info"))
    .flatMap((address) => textIn(address, "local") ?? []);
  return (
    addresses.find((address) =>
      rules.some((range) => range.check(address, nameOf(family))),
    ) ?? null
  );
}

const nameOf = (family: IpFamily) => (family === 4 ? "ipv4" : "ipv6");

/** The output of `ip`; empty if it fails. @throws Failure if it cannot be run or parsed */
function told(question: string): readonly JsonFields[] {
  const { ok, out } = runCommand(question);
  return ok ? objectsOf(question, out) : [];
}
