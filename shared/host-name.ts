import { isIP, isIPv4, isIPv6, SocketAddress } from "node:net";
import type { Like } from "./config-format.js";

const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
/** What a resolver takes for a number, whatever else it may be: `1.1`, `0x7f.1`. */
const NUMBER = /^(\d+|0x[0-9a-f]*)$/i;
const NAME_MAX = 253;

/** A host as people write it: by an address, or by a name as in RFC 1123, a dot at its end or not. */
export const HOST: Like = {
  test: (text) => isIP(text) !== 0 || isName(text),
  words: "a name or an IPv4 or IPv6 address, without a port",
};

export const ADDRESS: Like = {
  test: (text) => isIP(text) !== 0 && !text.includes("%"),
  words: "an IPv4 or IPv6 address",
};

function isName(text: string): boolean {
  const labels = text.replace(/\.$/, "").split(".");
  return (
    text.length <= NAME_MAX &&
    labels.every((label) => LABEL.test(label)) &&
    !NUMBER.test(labels.at(-1) ?? "")
  );
}

/** The one spelling of all that a host may be written in: `2606:4700::0001` and `2606:4700:0::1` are one. */
export function plainHost(host: string): string {
  if (!isIPv6(host)) return host.toLowerCase().replace(/\.$/, "");
  const [text = "", zone] = host.split("%");
  const { address } = new SocketAddress({ address: text, family: "ipv6" });
  const mapped = /^::ffff:(.*)$/.exec(address)?.[1] ?? "";
  if (isIPv4(mapped)) return mapped;
  return zone === undefined ? address : `${address}%${zone}`;
}
