import type { ControllerConfig } from "../../controller/config.js";
import { ownName } from "../../controller/pinger/libc.js";
import { textIn } from "../../controller/qdisc/answer.js";
import { objectsOf, runCommand } from "../../controller/qdisc/look.js";
import type { Problem } from "../../shared/config-error.js";
import { reasonOf } from "../../shared/failure.js";
import type { Look } from "./look.js";
import { leastMs, PROBES, reach, type Reached } from "./reach.js";

/** Whether the reflectors answer, and whether the way to them is the line that is shaped. */
export function lookAtProbes(config: ControllerConfig): Look {
  const { probe, shaper } = config;
  const strays =
    shaper.backend === "tc"
      ? orProblem(() => astray(probe, ownName(shaper.devices.upload)))
      : [];
  try {
    const reached = reach(probe.reflectors, probe);
    return {
      is: `reflectors: ${reached.map(inWords).join(", ")}`,
      problems: [...strays, ...silence(reached)],
    };
  } catch (error) {
    const problem = { key: "probe.reflectors", rule: reasonOf(error) };
    return { is: "reflectors: not asked", problems: [...strays, problem] };
  }
}

function orProblem(look: () => Problem[]): Problem[] {
  try {
    return look();
  } catch (error) {
    return [{ key: "probe.reflectors", rule: reasonOf(error) }];
  }
}

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

/** Where the kernel would send a probe, if not out of the device that is shaped, or of the bridge that it is a port of. */
function astray(
  { reflectors, source, interface: device }: ControllerConfig["probe"],
  wan: string,
): Problem[] {
  const address = reflectors.find((host) => /^[\d.]+$|:/.test(host));
  if (address === undefined) return [];
  const question = [
    "ip -j route get",
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
  const value = source ?? device ?? address;
  if (!ok)
    return [
      { key, rule: `must have a route to ${address} (${complaint})`, value },
    ];
  const leaves = fieldOf(question, out, "dev");
  const linkQuestion = `ip -j link show dev ${wan}`;
  const bridge = fieldOf(linkQuestion, runCommand(linkQuestion).out, "master");
  return leaves === wan || leaves === bridge
    ? []
    : [
        {
          key,
          rule: `probes must leave by ${wan}, which is shaped: they leave by ${leaves}`,
          value,
        },
      ];
}

/** A field of the only object in an answer of `ip -j`, null where there is none. @throws Failure */
function fieldOf(question: string, out: string, name: string): string | null {
  const [first] = objectsOf(question, out);
  return first === undefined ? null : textIn(first, name);
}
