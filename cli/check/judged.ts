import { lookup } from "node:dns/promises";
import { readdirSync, realpathSync, statSync } from "node:fs";
import { BlockList, isIP, isIPv6 } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import {
  controllerConfig,
  type ControllerConfig,
  examineControllerFile,
} from "../../controller/config/config.js";
import {
  CONTROLLER_SCHEMA,
  type ControllerFile,
} from "../../controller/config/schema.js";
import { ownName } from "../../controller/probes/sockets.js";
import type { RealNames } from "../../controller/shapers/backend.js";
import { backendOf } from "../../controller/shapers/backends.js";
import {
  examineRecorderFile,
  recorderConfig,
  type RecorderConfig,
  type RecorderFile,
} from "../../recorder/config.js";
import { tellable } from "../../shared/config/config.js";
import { ConfigError, type Problem } from "../../shared/config/error.js";
import { contentOf, openConfigFile, placed } from "../../shared/config/file.js";
import { plainHost } from "../../shared/config/format.js";
import { Failure } from "../../shared/runtime/failure.js";

/** The files given; for a folder its YAML files, in order. No duplicates. @throws Failure if a folder has none */
export function configFilesIn(paths: readonly string[]): string[] {
  const files = paths.flatMap((path) => (isFolder(path) ? within(path) : path));
  const byPlace = new Map(files.map((file) => [resolve(file), file]));
  return [...byPlace.values()];
}

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function within(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  if (names.length === 0)
    throw new Failure(`Cannot check '${folder}': it has no .yaml file`);
  return names.sort().map((name) => join(folder, name));
}

/** The result of a live check: what was found, and what keeps it from working. */
export interface Look {
  readonly is: string;
  readonly problems: readonly Problem[];
}

/** An examined file: its program, and all errors in it. */
export type ExaminedFile = {
  readonly file: string;
  readonly problems: readonly Problem[];
} & (
  | {
      readonly kind: "controller";
      /** As written; reading an invalid one throws. */
      readonly keys: ControllerFile;
      /** Null if there are errors. */
      readonly config: ControllerConfig | null;
    }
  | {
      readonly kind: "recorder";
      readonly keys: RecorderFile;
      readonly config: RecorderConfig | null;
    }
  | { readonly kind: "unreadable"; readonly words: string }
);

/** Reads the file as its program would. */
export function examine(file: string): ExaminedFile {
  try {
    return isControllers(file) ? controllers(file) : recorders(file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { message: words, problems } = error;
    return { file, kind: "unreadable", words, problems };
  }
}

function controllers(file: string): ExaminedFile {
  const { values: keys, problems: found } = examineControllerFile(file);
  const problems = [
    ...found,
    ...tellable([
      () =>
        backendOf(keys.shaper).isSimulated
          ? []
          : impossibleReflectors(keys.probe.reflectors),
    ]),
  ];
  const config = problems.length === 0 ? controllerConfig(keys) : null;
  return { file, kind: "controller", keys, config, problems };
}

function recorders(file: string): ExaminedFile {
  const { values: keys, problems } = examineRecorderFile(file);
  const config = problems.length === 0 ? recorderConfig(keys) : null;
  return { file, kind: "recorder", keys, config, problems };
}

/** Whether the file has any of a controller's keys; otherwise it is the recorder's. @throws ConfigError */
export function isControllers(file: string): boolean {
  const keys = Object.keys(CONTROLLER_SCHEMA).filter((key) => key !== "log");
  const content = contentOf(openConfigFile(file), file);
  if (content === null)
    throw new ConfigError(basename(file), [
      { key: "", rule: "must have keys: the file is empty" },
    ]);
  return keys.some((key) => Object.hasOwn(Object(content) as object, key));
}

/** All errors in a file and its conflicts with others; null if there are none. */
export function complaint(
  judged: ExaminedFile,
  clashing: readonly Problem[] = [],
): { readonly words: string; readonly problems: readonly Problem[] } | null {
  const { file, kind, problems } = judged;
  if (kind === "unreadable") return { words: judged.words, problems };
  const all = placed(openConfigFile(file), [...problems, ...clashing]);
  return all.length === 0
    ? null
    : { words: new ConfigError(basename(file), all).message, problems: all };
}

/** Resolves names, so that two names of one thing are recognised. */
export interface Names extends RealNames {
  file(path: string): string;
}

/** Names as written: nothing is opened or looked up. */
export const AS_WRITTEN: Names = {
  host: (name) => [plainHost(name)],
  device: (name) => name,
  file: (path) => path,
};

/** Names as this host resolves them now. */
export async function namesHere(
  judged: readonly ExaminedFile[],
): Promise<Names> {
  const hosts = judged.flatMap((one) => {
    if (one.kind !== "controller" || one.config === null) return [];
    const { shaper, probe } = one.config;
    const backend = backendOf(shaper);
    if (backend.isSimulated) return [];
    const family = isIPv6(probe.source ?? "") ? 6 : 4;
    return [
      ...probe.reflectors.map((name) => ({ name, family })),
      ...backend.hosts(shaper).map((name) => ({ name, family: 0 })),
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

/** Time limit for a DNS lookup, ms; then the name counts as unknown. */
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

/** The path without symbolic links, as far as it exists. */
function realPlace(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realPlace(above), basename(path));
  }
}

/** Whether both names are the same host. */
export const areOne = (names: Names, a: string, b: string): boolean => {
  const known = names.host(a);
  return names.host(b).some((name) => known.includes(name));
};

/** Addresses that no host beyond the line can have: RFC 6890 and later ones. */
const NEVER_A_HOST: readonly (readonly [string, string, number])[] = [
  ["is not a host address", "0.0.0.0", 8],
  ["is this host itself", "127.0.0.0", 8],
  ["is for documentation only", "192.0.2.0", 24],
  ["is for documentation only", "198.51.100.0", 24],
  ["is for documentation only", "203.0.113.0", 24],
  ["is a multicast address", "224.0.0.0", 4],
  ["is the broadcast address", "255.255.255.255", 32],
  ["is reserved", "240.0.0.0", 4],
  ["is not a host address", "::", 128],
  ["is this host itself", "::1", 128],
  ["is discard-only", "100::", 64],
  ["is for documentation only", "2001:db8::", 32],
  ["is for documentation only", "3fff::", 20],
  ["is a multicast address", "ff00::", 8],
];

const RANGES = NEVER_A_HOST.map(([words, network, bits]) => {
  const range = new BlockList();
  range.addSubnet(network, bits, isIP(network) === 6 ? "ipv6" : "ipv4");
  return { words, range };
});

/** Why no host beyond the line can have this address; null if one can. */
export function whyNotAReflector(address: string): string | null {
  const [text = ""] = address.split("%");
  const plain = plainHost(text);
  if (isIP(plain) !== isIP(text)) return `cannot be pinged: write ${plain}`;
  const family = isIP(text) === 6 ? "ipv6" : "ipv4";
  return RANGES.find(({ range }) => range.check(text, family))?.words ?? null;
}

/** Names of the local host, RFC 6761. */
const ITSELF = /(^|\.)localhost$/;

/** Reflectors that cannot be beyond the line, by their spelling alone. */
const impossibleReflectors = (reflectors: readonly string[]): Problem[] =>
  reflectors.flatMap((value) => {
    const why = ITSELF.test(plainHost(value))
      ? "is this host itself"
      : isIP(value) === 0
        ? null
        : whyNotAReflector(value);
    return why === null ? [] : [reflectorProblem(`this one ${why}`, value)];
  });

export const reflectorProblem = (words: string, value: string): Problem => ({
  key: "probe.reflectors",
  rule: `must be hosts beyond the line: ${words}`,
  value,
});
