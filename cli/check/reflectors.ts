import { BlockList, isIP } from "node:net";
import type { Problem } from "../../shared/config/error.js";
import { plainHost } from "../../shared/config/format.js";

/** Addresses that no host beyond the line can have: RFC 6890, and those that came later. */
const NOBODYS: readonly (readonly [string, string, number])[] = [
  ["is no host's", "0.0.0.0", 8],
  ["is this host itself", "127.0.0.0", 8],
  ["is for documentation only", "192.0.2.0", 24],
  ["is for documentation only", "198.51.100.0", 24],
  ["is for documentation only", "203.0.113.0", 24],
  ["is a group, not a host", "224.0.0.0", 4],
  ["is all hosts of a network", "255.255.255.255", 32],
  ["is reserved, no host has it", "240.0.0.0", 4],
  ["is no host's", "::", 128],
  ["is this host itself", "::1", 128],
  ["is no host's: what is sent there is discarded", "100::", 64],
  ["is for documentation only", "2001:db8::", 32],
  ["is for documentation only", "3fff::", 20],
  ["is a group, not a host", "ff00::", 8],
];

const RANGES = NOBODYS.map(([words, network, bits]) => {
  const range = new BlockList();
  range.addSubnet(network, bits, isIP(network) === 6 ? "ipv6" : "ipv4");
  return { words, range };
});

/** Why nobody beyond the line answers at an address; null where somebody may. */
export function whyNobodys(address: string): string | null {
  const [text = ""] = address.split("%");
  const plain = plainHost(text);
  if (isIP(plain) !== isIP(text)) return `cannot be pinged: write ${plain}`;
  const family = isIP(text) === 6 ? "ipv6" : "ipv4";
  return RANGES.find(({ range }) => range.check(text, family))?.words ?? null;
}

/** Names that every host has for itself: RFC 6761. */
const ITSELF = /(^|\.)localhost$/;

/** Reflectors that cannot tell anything of the line, by how they are written. */
export const nobodys = (reflectors: readonly string[]): Problem[] =>
  reflectors.flatMap((value) => {
    const why = ITSELF.test(plainHost(value))
      ? "is this host itself"
      : isIP(value) === 0
        ? null
        : whyNobodys(value);
    return why === null ? [] : [reflectorProblem(`this one ${why}`, value)];
  });

export const reflectorProblem = (words: string, value: string): Problem => ({
  key: "probe.reflectors",
  rule: `must be hosts beyond the line: ${words}`,
  value,
});
