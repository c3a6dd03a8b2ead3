import { expect } from "chai";
import { findings } from "../../../controller/qdisc/findings.js";
import type { Device, Host } from "../../../controller/qdisc/parse.js";
import {
  builtHost,
  cakeRoot,
  device,
  htbRoot,
  kernelRoot,
  QUEUE,
  wantedWith,
} from "./hosts.js";

const host = builtHost();
const { upload, download } = host.devices as Record<
  "upload" | "download",
  Device
>;
const withUpload = (parts: Partial<Device>): Host => ({
  ...host,
  devices: { download, upload: { ...upload, ...parts } },
});
const withDownload = (parts: Partial<Device>): Host => ({
  ...host,
  devices: { upload, download: { ...download, ...parts } },
});
const onHtb: Host["has"] = { cake: false, matchall: true };

const CASES: readonly (readonly [string, Host, readonly string[]])[] = [
  ["nothing where all is as configured", host, []],
  [
    "a device that is missing",
    { ...host, devices: { upload: null, download } },
    ["ifb4wan: nothing redirects wan's ingress to it", "wan: no such device"],
  ],
  ["an ifb that is down", withDownload({ isUp: false }), ["ifb4wan: is down"]],
  [
    "a wrong overhead",
    withUpload({ root: cakeRoot("upload", { ...QUEUE, link: "raw" }) }),
    ["wan: is raw, should be noatm overhead 18 mpu 64"],
  ],
  [
    "no nat behind a masquerade",
    {
      ...withUpload({ root: cakeRoot("upload", { ...QUEUE, nat: false }) }),
      masquerades: true,
      ...{ feeders: [], unread: [] },
    },
    [
      "wan: is nonat, should be nat",
      "wan: nonat on a host that masquerades: all hosts behind it are treated as one",
    ],
  ],
  [
    "the wrong direction, and all that goes with it",
    withDownload({ root: cakeRoot("upload") }),
    [
      "ifb4wan: is dual-srchost, should be dual-dsthost",
      "ifb4wan: is nowash, should be wash",
      "ifb4wan: is egress, should be ingress",
    ],
  ],
  [
    "no shaper at all",
    withUpload({ root: kernelRoot("fq_codel") }),
    ["wan: its root qdisc is fq_codel, which does not shape"],
  ],
  [
    "CAKE without a bandwidth",
    withUpload({ root: { ...cakeRoot("upload"), bps: null } }),
    ["wan: CAKE without a bandwidth"],
  ],
  [
    "a rate that the controller would never set",
    withUpload({ root: { ...cakeRoot("upload"), bps: 1e9 } }),
    ["wan: shapes to 1000 Mbit/s, outside 4.00 to 25.0"],
  ],
  [
    "no redirect",
    withUpload({ ingress: { kind: "ingress", filters: [] } }),
    ["ifb4wan: nothing redirects wan's ingress to it"],
  ],
  [
    "HTB where there could be CAKE",
    withUpload({ root: htbRoot }),
    ["wan: shaped with HTB, though this kernel has CAKE"],
  ],
  [
    "offloads, where they make a FIFO's packets too big",
    {
      has: onHtb,
      masquerades: true,
      ...{ feeders: [], unread: [] },
      devices: {
        upload: { ...upload, root: htbRoot, offloads: ["tso", "gso", "gro"] },
        download: { ...download, root: htbRoot },
      },
    },
    [
      "ifb4wan: HTB gets packets of up to 64 kB: ethtool -K wan gro off",
      "wan: HTB gets packets of up to 64 kB: ethtool -K wan tso off gso off",
    ],
  ],
  [
    "no fault in offloads that CAKE splits",
    withUpload({ offloads: ["tso", "gso", "gro"] }),
    [],
  ],
  [
    "no fault in a download shaped on the LAN's device",
    {
      ...host,
      devices: {
        upload: device("wan", { root: cakeRoot("upload") }),
        download: { ...download, isIfb: false },
      },
    },
    [],
  ],
];

describe("the findings about the queues", () => {
  for (const [claim, found, says] of CASES)
    it(`name ${claim}`, () => {
      expect(
        findings(wantedWith(), found).map(({ what }) => what),
      ).to.deep.equal(says);
    });
});
