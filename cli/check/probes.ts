import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { ControllerConfig } from "../../controller/config/config.js";
import { ownName } from "../../controller/probes/libc.js";
import { textIn } from "../../controller/qdisc/answer.js";
import { objectsOf, runCommand } from "../../controller/qdisc/look.js";
import type { Problem } from "../../shared/config/error.js";
import { plainHost } from "../../shared/config/format.js";
import { plainReason } from "../../shared/runtime/failure.js";
import { bridgeOf, passes } from "./links.js";
import type { Look } from "./look.js";
import { areOne, type Names } from "./names.js";
import { leastMs, PROBES, reach, type Reached } from "./reach.js";
import { reflectorProblem, whyNobodys } from "./reflectors.js";

/** Whether the reflectors answer, are as many hosts as they seem, and whether the way to them is the line that is shaped. */
export function lookAtProbes(config: ControllerConfig, names: Names): Look {
  const { probe, shaper } = config;
  const way =
    shaper.backend === "tc"
      ? orProblem(() => wayOf(probe, ownName(shaper.devices.upload), names))
      : NO_WORDS;
  const problems = [...way.problems, ...sameHosts(probe.reflectors, names)];
  try {
    const reached = reach(probe.reflectors, probe);
    return {
      is: `reflectors: ${reached.map(inWords).join(", ")}${way.is}`,
      problems: [...problems, ...silence(reached)],
    };
  } catch (error) {
    const problem = { key: "probe.reflectors", rule: plainReason(error) };
    return { is: "reflectors: not asked", problems: [...problems, problem] };
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

/** What names lead to: one host twice, or one that is not beyond the line. */
function sameHosts(reflectors: readonly string[], names: Names): Problem[] {
  return reflectors.flatMap((host, i) => {
    const twin = reflectors
      .slice(0, i)
      .find((other) => areOne(names, other, host));
    if (twin !== undefined)
      return [
        {
          key: "probe.reflectors",
          rule: `must not name a host twice: ${inCommon(names, twin, host)} is '${twin}' too`,
          value: host,
        },
      ];
    return names.host(host).flatMap((address) => {
      const why = OWN.includes(address)
        ? "is this host itself"
        : isIP(address) === 0
          ? null
          : whyNobodys(address);
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
  const rule = `must answer pings: nothing of ${PROBES} came back from ${hosts}`;
  return silent.length === 0 ? [] : [{ key: "probe.reflectors", rule }];
}

/** Which device the kernel would send a probe to, and whether that is a way by the device that is shaped. */
function wayOf(
  { reflectors, source, interface: device }: ControllerConfig["probe"],
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
  // a bridge between modem and router: probes pass it from the router's side, whichever device they leave by
  const bridge = bridgeOf(wan, links);
  return bridge === null
    ? problem(
        `probes must leave by ${wan}, which is shaped: they leave by ${leaves}`,
      )
    : {
        is: ` (they leave by ${leaves}: their way must lead through ${bridge})`,
        problems: [],
      };
}

/** A field of the only object in an answer of `ip -j`, null where there is none. @throws Failure */
function fieldOf(question: string, out: string, name: string): string | null {
  const [first] = objectsOf(question, out);
  return first === undefined ? null : textIn(first, name);
}
