import { parseCakeOptions } from "../../../controller/qdisc/cake.js";
import {
  type Device,
  type Host,
  OUR_ALIAS,
  OUR_HANDLE,
  type Root,
} from "../../../controller/qdisc/parse.js";
import { device, htbRoot, kernelRoot } from "./hosts.js";

/**
 * What the kernel makes of one command of a plan: the next host. It refuses what the kernel would: to add what is there, to
 * delete what is not, to shape with CAKE where it has none.
 */
export function execute(host: Host, command: string): Host {
  const fail = (why: string): never => {
    throw new Error(`${why}: ${command}`);
  };
  const { devices } = host;
  const [, name = ""] = /dev (\S+)/.exec(command) ?? [];
  const side = name === "wan" ? "upload" : "download";
  const there = devices[side];
  const put = (after: Device | null): Host => ({
    ...host,
    devices: { ...devices, [side]: after },
  });
  if (command === `ip link add dev ${name} type ifb`)
    return there === null
      ? put(device(name, { isUp: false, isIfb: true }))
      : fail("exists");
  if (there === null) return fail("no such device");
  if (command === `ip link del dev ${name}`) return put(null);
  if (command === `ip link set dev ${name} alias ${OUR_ALIAS}`)
    return put({ ...there, isOurs: there.isIfb });
  if (command === `ip link set dev ${name} up`)
    return put({ ...there, isUp: true });
  if (command === `ip link set dev ${name} down`)
    return put({ ...there, isUp: false });

  const { root, ingress } = there;
  if (command === `tc qdisc del dev ${name} root`)
    return root.owner === "kernel"
      ? fail("nothing to delete")
      : put({ ...there, root: kernelRoot() });
  if (/^tc qdisc add dev \S+ root /.test(command)) {
    if (root.owner !== "kernel") fail("exists");
    if (!command.includes(" cake ")) return put({ ...there, root: htbRoot });
    if (!host.has.cake) fail("unknown qdisc");
    return put({ ...there, root: cakeFrom(command) });
  }
  if (/^tc (class|qdisc) add dev \S+ parent 1:/.test(command))
    return root.kind === "htb" ? host : fail("no parent");

  if (/^tc qdisc del dev \S+ (ingress|clsact)$/.test(command))
    return ingress === null
      ? fail("nothing to delete")
      : put({ ...there, ingress: null });
  if (command === `tc qdisc add dev ${name} handle ffff: ingress`)
    return ingress !== null
      ? fail("exists")
      : put({ ...there, ingress: { kind: "ingress", filters: [] } });
  if (ingress === null) return fail("no ingress");
  const [, preference] = /pref (\d+)/.exec(command) ?? fail("no pref");
  const others = ingress.filters.filter(
    (filter) => filter.preference !== Number(preference),
  );
  if (command.startsWith("tc filter del"))
    return others.length === ingress.filters.length
      ? fail("nothing to delete")
      : put({ ...there, ingress: { ...ingress, filters: others } });
  const [, kind = "", to = ""] =
    /pref \d+ (\w+) .*dev (\S+)$/.exec(command) ?? fail("not understood");
  if (kind === "matchall" && !host.has.matchall) fail("unknown classifier");
  if (others.length < ingress.filters.length) fail("exists");
  const filter = { preference: Number(preference), kind, to };
  return put({
    ...there,
    ingress: { ...ingress, filters: [...others, filter] },
  });
}

/** The command's words as `tc -j qdisc show` would answer them. */
function cakeFrom(command: string): Root & { kind: "cake" } {
  const has = (word: string) => command.split(" ").includes(word);
  const number = (of: RegExp) => Number(of.exec(command)?.[1] ?? 0);
  const one = (...words: string[]) => words.find(has);
  return {
    ...kernelRoot("cake"),
    kind: "cake",
    handle: OUR_HANDLE,
    owner: "ours",
    bps: number(/bandwidth (\d+)kbit/) * 1e3,
    options: parseCakeOptions({
      diffserv: one("besteffort", "diffserv3", "diffserv4", "diffserv8"),
      flowmode: one("dual-srchost", "dual-dsthost"),
      nat: has("nat"),
      wash: has("wash"),
      ingress: has("ingress"),
      "ack-filter": has("ack-filter") ? "enabled" : "disabled",
      split_gso: has("split-gso"),
      rtt: number(/rtt (\d+)ms/) * 1e3,
      raw: has("raw"),
      atm: one("noatm", "atm", "ptm"),
      overhead: number(/overhead (-?\d+)/),
      ...(number(/mpu (\d+)/) > 0 ? { mpu: number(/mpu (\d+)/) } : {}),
    }),
  };
}
