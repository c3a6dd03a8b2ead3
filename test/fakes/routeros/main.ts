import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { parseProcLine } from "../../../controller/line/counters.js";
import { openTc } from "../../../controller/shapers/tc/tc.js";
import { openRouterOverSsh } from "../../controller/shapers/routeros/router-over-ssh.js";
import { ROUTER } from "./certificate.js";
import { cliOf } from "./device-cli.js";
import { openDevice, type Plant } from "./device.js";
import { type Mood, openFakeRouterOs, PASSWORD, USER } from "./server.js";
import { fingerprint } from "./troubles.js";

/**
 * A RouterOS by hand, on loopback, until its standard input ends:
 *
 *   node dist/test/fakes/routeros/main.js [--port 8443] [--plain] [--ssh] [--tc DOWNLOAD_DEVICE,UPLOAD_DEVICE]
 *
 * With --tc the limits of `wan-download` and `wan-upload` are set on these devices' qdiscs, and `ether1` has the byte
 * counters of the second. With --ssh a real sshd leads to the same device's command line. It says where it listens, and takes lines: `reboot`, `fine`, `busy`, `hangs`, `drops`,
 * `locked`, `forbidden`, `garbage`, `lies`, `slow MS`, `set QUEUE LIMIT`, `counts`.
 */

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8443" },
    plain: { type: "boolean", default: false },
    ssh: { type: "boolean", default: false },
    tc: { type: "string" },
  },
});

function plantOf(devices: string | undefined): Plant {
  if (devices === undefined) return {};
  const [download = "", upload = ""] = devices.split(",");
  const tc = openTc({ download, upload });
  let isKnown = false;
  return {
    async onLimit(queue, bps) {
      if (!isKnown) isKnown = (await tc.readRates()).kind === "done";
      if (queue === "wan-download") await tc.setRate("download", bps);
      if (queue === "wan-upload") await tc.setRate("upload", bps);
    },
    bytes: () =>
      parseProcLine(readFileSync("/proc/self/net/dev", "latin1"), upload),
  };
}

const device = openDevice(plantOf(values.tc));
const router = await openFakeRouterOs(device, {
  port: Number(values.port),
  certificate: values.plain ? null : ROUTER,
});

const ssh = values.ssh ? await openRouterOverSsh(cliOf(device)) : null;

const say = (what: Record<string, unknown>) =>
  console.log(JSON.stringify(what));

function obey(line: string): void {
  const [word = "", ...args] = line.trim().split(" ");
  if (word === "reboot") device.reboot();
  else if (word === "slow") router.slowMs = Number(args[0]);
  else if (word === "set")
    device.edit("queue/tree", args[0] ?? "", { "max-limit": args[1] ?? "" });
  else if (word !== "counts") {
    device.lies = word === "lies";
    router.mood = device.lies ? "fine" : (word as Mood);
  }
  say({ requests: router.requests.length, changes: device.changes.length });
}

say({
  port: router.port,
  user: USER,
  password: PASSWORD,
  fingerprint_sha256: fingerprint(ROUTER.cert),
  ssh: ssh?.options,
});
for await (const line of createInterface({ input: process.stdin })) obey(line);
await ssh?.[Symbol.asyncDispose]();
process.exit();
