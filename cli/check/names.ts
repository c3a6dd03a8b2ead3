import { lookup } from "node:dns/promises";
import { realpathSync } from "node:fs";
import { isIP, isIPv6 } from "node:net";
import { basename, dirname, join } from "node:path";
import { ownName } from "../../controller/probes/libc.js";
import { plainHost } from "../../shared/config/format.js";
import type { Judged } from "./judged.js";

/** What things are really called, so that one by two names is seen to be one. */
export interface Names {
  /** A host's name in one spelling, and its addresses as far as they are known. */
  host(name: string): readonly string[];
  device(name: string): string;
  file(path: string): string;
}

/** As they are written: nothing is opened, and nobody asked. */
export const AS_WRITTEN: Names = {
  host: (name) => [plainHost(name)],
  device: (name) => name,
  file: (path) => path,
};

/** As this host knows them now. */
export async function namesHere(judged: readonly Judged[]): Promise<Names> {
  const hosts = judged.flatMap((one) => {
    if (one.kind !== "controller" || one.config === null) return [];
    const { shaper, probe } = one.config;
    if (shaper.backend === "simulated") return [];
    const family = isIPv6(probe.source ?? "") ? 6 : 4;
    return [
      ...probe.reflectors.map((name) => ({ name, family })),
      ...(shaper.backend === "routeros"
        ? [{ name: shaper.router.host, family: 0 }]
        : []),
    ];
  });
  const known = new Map<string, readonly string[]>();
  await Promise.all(
    hosts
      .filter(({ name }) => isIP(name) === 0)
      .map(async ({ name, family }) => {
        known.set(name, await addressesOf(name, family));
      }),
  );
  return {
    host: (name) => [plainHost(name), ...(known.get(name) ?? [])],
    device: ownName,
    file: realPlace,
  };
}

/** A name server that needs longer is one that does not answer. */
const SLOW_MS = 3_000;

async function addressesOf(name: string, family: number): Promise<string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<[]>((settle) => {
    timer = setTimeout(() => settle([]), SLOW_MS);
  });
  const found = lookup(name, { family, all: true }).then(
    (all) => all.map(({ address }) => plainHost(address)),
    () => [],
  );
  const addresses = await Promise.race([found, late]);
  clearTimeout(timer);
  return addresses;
}

/** The path without symbolic links, as far as it is there. */
function realPlace(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realPlace(above), basename(path));
  }
}

/** Is one host meant by both? */
export const areOne = (names: Names, a: string, b: string): boolean => {
  const known = names.host(a);
  return names.host(b).some((name) => known.includes(name));
};
