import { BlockList, isIP } from "node:net";
import {
  listIn,
  numberIn,
  textIn,
  type JsonFields,
} from "../../controller/qdisc/answer.js";
import { objectsOf, runCommand } from "../../controller/qdisc/look.js";

export type IpFamily = 4 | 6;

/** A device that a default route leaves by, and the family of addresses that reach the world by it: 4 where both do. */
export interface Uplink {
  readonly device: string;
  readonly family: IpFamily;
}

/** Those of this host, in any routing table; the one that is used first comes first. @throws Failure */
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

/** A table of its own is asked only where a rule says so. */
const OTHER_TABLE = 2 ** 32;

const rankOf = (route: JsonFields): number =>
  (numberIn(route, "metric") ?? 0) +
  ([null, "main"].includes(textIn(route, "table")) ? 0 : OTHER_TABLE);

/** The devices of this host by all of their names. */
export const devicesHere = (): string[][] =>
  told("ip -j link show").flatMap((link) => {
    const name = textIn(link, "ifname");
    const others = link["altnames"];
    return name === null
      ? []
      : [[name, ...(Array.isArray(others) ? others.map(String) : [])]];
  });

/**
 * The address of a device that has a rule of its own, `ip rule add from ADDRESS table N`: what leaves by the device from
 * another finds no way. Null where there is none.
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

/** What `ip` answers, nothing where it does not. @throws Failure where it cannot be run or read */
function told(question: string): readonly JsonFields[] {
  const { ok, out } = runCommand(question);
  return ok ? objectsOf(question, out) : [];
}
