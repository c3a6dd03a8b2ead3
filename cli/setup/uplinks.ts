import {
  listIn,
  numberIn,
  textIn,
  type Fields,
} from "../../controller/qdisc/answer.js";
import { objectsOf, runCommand } from "../../controller/qdisc/look.js";

const QUESTION = "ip -j route show default";

/** The devices that default routes of this host leave by, the one that is used first. @throws Failure */
export function uplinks(): string[] {
  const { ok, out } = runCommand(QUESTION);
  const routes = ok ? objectsOf(QUESTION, out) : [];
  const devices = routes
    .toSorted((a, b) => metricOf(a) - metricOf(b))
    .flatMap((route) => [route, ...listIn(route, "nexthops")])
    .flatMap((hop) => textIn(hop, "dev") ?? []);
  return [...new Set(devices)];
}

const metricOf = (route: Fields): number => numberIn(route, "metric") ?? 0;
