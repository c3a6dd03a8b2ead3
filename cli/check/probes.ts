import { spawnSync } from "node:child_process";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { ControllerConfig } from "../../controller/config/config.js";
import type { ProbeConfig } from "../../controller/probes/pinger.js";
import { ownName } from "../../controller/probes/sockets.js";
import {
  fieldsIn,
  type JsonFields,
  textIn,
} from "../../controller/qdisc/answer.js";
import { objectsOf, runCommand } from "../../controller/qdisc/look.js";
import { backendOf } from "../../controller/shapers/backends.js";
import type { Problem } from "../../shared/config/error.js";
import { plainHost } from "../../shared/config/format.js";
import { Failure, plainReason } from "../../shared/runtime/failure.js";
import {
  areOne,
  type Look,
  type Names,
  reflectorProblem,
  whyNotAReflector,
} from "./judged.js";

/** The RTTs of a reflector's answers; empty if it did not answer. */
export interface Reached {
  readonly reflector: string;
  readonly rttsMs: readonly number[];
}

/** Source address and interface of the probes. */
interface Way {
  readonly source: string | null;
  readonly interface: string | null;
}

const PROBES = 5;
const SPACING_MS = 200;
const DEADLINE_MS = 15_000;

/** Pings all reflectors in parallel, `PROBES` times. @throws Failure if fping cannot be run */
export function reach(reflectors: readonly string[], way: Way): Reached[] {
  const { stderr, error } = spawnSync(
    "fping",
    [
      ...["-q", "-C", String(PROBES), "-p", String(SPACING_MS)],
      ...(way.source === null ? [] : ["-S", way.source]),
      ...(way.interface === null ? [] : ["-I", ownName(way.interface)]),
      ...reflectors,
    ],
    { encoding: "utf8", timeout: DEADLINE_MS },
  );
  if (error !== undefined)
    throw new Failure(
      (error as NodeJS.ErrnoException).code === "ENOENT"
        ? "Cannot ping the reflectors: fping must be on the PATH: install fping"
        : `Cannot ping the reflectors: fping: ${plainReason(error)}`,
    );
  const answered = parseReached(stderr);
  if (answered.length === 0)
    throw new Failure(
      `Cannot ping the reflectors: ${stderr.trim().split("\n")[0] ?? ""}`,
    );
  return reflectors.map(
    (reflector) =>
      answered.find((one) => one.reflector === reflector) ?? {
        reflector,
        rttsMs: [],
      },
  );
}

/** Parses lines of `fping -q -C`: `1.1.1.1 : 9.87 - 10.2`; a dash means no answer. */
export const parseReached = (text: string): Reached[] =>
  text.split("\n").flatMap((line) => {
    const [, reflector, rtts] =
      /^(\S+) +:((?: +(?:-|\d+(?:\.\d+)?))+)$/.exec(line) ?? [];
    if (reflector === undefined || rtts === undefined) return [];
    const words = rtts.trim().split(/ +/);
    return [
      { reflector, rttsMs: words.filter((word) => word !== "-").map(Number) },
    ];
  });

/** The minimum RTT: the path without a queue. */
export const leastMs = ({ rttsMs }: Reached): number | null =>
  rttsMs.length === 0 ? null : Math.min(...rttsMs);

/** The devices and their dependencies, from `ip -j -d link show`. */
type Links = readonly JsonFields[];

/** Whether packets sent by a device also pass `wan`, as a VLAN on it, or a bridge or bond with it as a port. */
const passes = (leaves: string, wan: string, links: Links): boolean =>
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

/** The bridge that a device is a port of; null if it is not. */
function bridgeOf(device: string, links: Links): string | null {
  const link = links.find((one) => textIn(one, "ifname") === device);
  return link !== undefined && kindOfPort(link) === "bridge"
    ? textIn(link, "master")
    : null;
}

const PORTS = /^(bridge|bond|team)$/;

const kindOfPort = (link: JsonFields): string =>
  textIn(fieldsIn(link, "linkinfo"), "info_slave_kind") ?? "";

/** Checks that the reflectors answer, are different hosts, and are reached over the shaped line. */
export function lookAtProbes(config: ControllerConfig, names: Names): Look {
  const { probe, shaper, policy } = config;
  const here = backendOf(shaper).hostQueues(shaper, policy.limits);
  const way =
    here === null
      ? NO_WORDS
      : orProblem(() => wayOf(probe, here.devices.upload, names));
  const problems = [...way.problems, ...sameHosts(probe.reflectors, names)];
  try {
    const reached = reach(probe.reflectors, probe);
    return {
      is: `reflectors: ${reached.map(inWords).join(", ")}${way.is}`,
      problems: [...problems, ...silence(reached)],
    };
  } catch (error) {
    const problem = { key: "probe.reflectors", rule: plainReason(error) };
    return { is: "reflectors: not pinged", problems: [...problems, problem] };
  }
}

const NO_WORDS: Look = { is: "", problems: [] };

function orProblem(look: () => Look): Look {
  try {
    return look();
  } catch (error) {
    const problem = { key: "probe.reflectors", rule: plainReason(error) };
    return { is: "", problems: [problem] };
  }
}

/** Checks the resolved names: duplicate hosts, and hosts that are not beyond the line. */
function sameHosts(reflectors: readonly string[], names: Names): Problem[] {
  return reflectors.flatMap((host, i) => {
    const twin = reflectors
      .slice(0, i)
      .find((other) => areOne(names, other, host));
    if (twin !== undefined)
      return [
        {
          key: "probe.reflectors",
          rule: `must not have duplicate hosts: ${inCommon(names, twin, host)} is also '${twin}'`,
          value: host,
        },
      ];
    return names.host(host).flatMap((address) => {
      const why = OWN.includes(address)
        ? "is this host itself"
        : isIP(address) === 0
          ? null
          : whyNotAReflector(address);
      return why === null ? [] : [reflectorProblem(`${address} ${why}`, host)];
    });
  });
}

const OWN = Object.values(networkInterfaces()).flatMap((addresses = []) =>
  addresses.map(({ address }) => plainHost(address)),
);

const inCommon = (names: Names, a: string, b: string): string =>
  names.host(a).find((one) => names.host(b).includes(one)) ?? b;

function inWords(reached: Reached): string {
  const least = leastMs(reached);
  const { reflector, rttsMs } = reached;
  if (least === null) return `${reflector} silent`;
  const some = rttsMs.length < PROBES ? ` (${rttsMs.length} of ${PROBES})` : "";
  return `${reflector} ${least.toFixed(1)} ms${some}`;
}

function silence(reached: readonly Reached[]): Problem[] {
  const silent = reached.filter(({ rttsMs }) => rttsMs.length === 0);
  const hosts = silent.map(({ reflector }) => reflector).join(", ");
  const rule = `must answer pings: 0 of ${PROBES} answered by ${hosts}`;
  return silent.length === 0 ? [] : [{ key: "probe.reflectors", rule }];
}

/** Checks that the kernel's route to a reflector passes the shaped device. */
function wayOf(
  { reflectors, source, interface: device }: ProbeConfig,
  wan: string,
  names: Names,
): Look {
  const address = reflectors
    .flatMap((host) => names.host(host))
    .find((host) => isIP(host) !== 0);
  if (address === undefined) return NO_WORDS;
  const question = [
    `ip -j${isIP(address) === 6 ? " -6" : ""} route get`,
    address,
    ...(source === null ? [] : [`from ${source}`]),
    ...(device === null ? [] : [`oif ${ownName(device)}`]),
  ].join(" ");
  const { ok, out, complaint } = runCommand(question);
  const key =
    source !== null
      ? "probe.source"
      : device !== null
        ? "probe.interface"
        : "probe.reflectors";
  const problem = (rule: string): Look => ({
    is: "",
    problems: [{ key, rule, value: source ?? device ?? address }],
  });
  if (!ok) return problem(`must have a route to ${address} (${complaint})`);
  const leaves = fieldOf(question, out, "dev") ?? "";
  const linkQuestion = "ip -j -d link show";
  const links = objectsOf(linkQuestion, runCommand(linkQuestion).out);
  if (passes(leaves, wan, links)) return NO_WORDS;
  // a bridge between modem and router: probes pass it from the router's side, whichever device sends them
  const bridge = bridgeOf(wan, links);
  return bridge === null
    ? problem(
        `probes must be sent by ${wan}, which is shaped: they are sent by ${leaves}`,
      )
    : {
        is: ` (sent by ${leaves}: their path must lead through ${bridge})`,
        problems: [],
      };
}

/** A field of the first object in an answer of `ip -j`; null if there is none. @throws Failure */
function fieldOf(question: string, out: string, name: string): string | null {
  const [first] = objectsOf(question, out);
  return first === undefined ? null : textIn(first, name);
}
