import { runCommand } from "../../controller/qdisc/look.js";

/** The devices that default routes of this host leave by, the one that is used first. */
export function uplinks(): string[] {
  const { ok, out } = runCommand("ip -j route show default");
  const routes = ok && out.trim() !== "" ? (JSON.parse(out) as Route[]) : [];
  const devices = routes
    .sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0))
    .flatMap(({ dev, nexthops = [] }) => [
      ...(dev === undefined ? [] : [dev]),
      ...nexthops.flatMap((hop) => hop.dev ?? []),
    ]);
  return [...new Set(devices)];
}

interface Route {
  readonly dev?: string;
  readonly metric?: number;
  readonly nexthops?: readonly { readonly dev?: string }[];
}
