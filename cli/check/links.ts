import {
  fieldsIn,
  textIn,
  type Fields,
} from "../../controller/qdisc/answer.js";

/** Devices that stand upon others, out of `ip -j -d link show`. */
type Links = readonly Fields[];

/** Does a packet that leaves by one device pass the other as well, being a VLAN on it, or a bridge or bond it is a port of? */
export const passes = (leaves: string, wan: string, links: Links): boolean =>
  below([leaves], links).includes(wan);

function below(known: readonly string[], links: Links): readonly string[] {
  const found = links.flatMap((link) => {
    const name = textIn(link, "ifname") ?? "";
    const carried = textIn(link, "link");
    return [
      ...(known.includes(name) && carried !== null ? [carried] : []),
      ...(PORTS.test(kindOfPort(link)) &&
      known.includes(textIn(link, "master") ?? "")
        ? [name]
        : []),
    ];
  });
  const all = [...new Set([...known, ...found])];
  return all.length === known.length ? all : below(all, links);
}

/** The bridge that a device is a port of; null where it is none. */
export function bridgeOf(device: string, links: Links): string | null {
  const link = links.find((one) => textIn(one, "ifname") === device);
  return link !== undefined && kindOfPort(link) === "bridge"
    ? textIn(link, "master")
    : null;
}

const PORTS = /^(bridge|bond|team)$/;

const kindOfPort = (link: Fields): string =>
  textIn(fieldsIn(link, "linkinfo"), "info_slave_kind") ?? "";
