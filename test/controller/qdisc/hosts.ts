import fc from "fast-check";
import {
  cakeOptions,
  DIFFSERVS,
  LINKS,
  type QueueConfig,
} from "../../../controller/qdisc/cake.js";
import {
  type QdiscCounters,
  type Device,
  type Filter,
  type Host,
  OUR_HANDLE,
  OUR_PREFERENCE,
  type Root,
  type DesiredQueues,
} from "../../../controller/qdisc/parse.js";

/** Queues and hosts for the tests of the qdisc plans: some to start from, and any. */

export const QUEUE: QueueConfig = {
  link: "docsis",
  overheadBytes: null,
  mpuBytes: null,
  rttMs: 100,
  nat: true,
  wash: true,
  ackFilter: false,
  diffserv: "besteffort",
};

const LIMITS = { floorBps: 4e6, baseBps: 15e6, ceilingBps: 25e6 };

export const wantedWith = (queue: QueueConfig = QUEUE): DesiredQueues => ({
  devices: { download: "ifb4wan", upload: "wan" },
  limits: { download: LIMITS, upload: LIMITS },
  queue,
});

const COUNTERS: QdiscCounters = {
  sentBytes: 0,
  sentPackets: 0,
  dropped: 0,
  marked: 0,
  acksDropped: 0,
  backlogBytes: 0,
};

export const kernelRoot = (name = "noqueue"): Root => ({
  kind: "other",
  name,
  handle: "0:",
  owner: "kernel",
  bps: null,
  counters: COUNTERS,
});

export const foreignRoot: Root = {
  ...kernelRoot("fq_codel"),
  handle: "8001:",
  owner: "foreign",
};

export const cakeRoot = (
  direction: "download" | "upload",
  queue: QueueConfig = QUEUE,
): Root => ({
  ...kernelRoot("cake"),
  kind: "cake",
  handle: OUR_HANDLE,
  owner: "ours",
  bps: 15e6,
  options: cakeOptions(queue, direction),
});

export const htbRoot: Root = {
  ...kernelRoot("htb"),
  kind: "htb",
  handle: "1:",
  owner: "ours",
  bps: 15e6,
};

export const device = (name: string, parts: Partial<Device> = {}): Device => ({
  name,
  isIfb: name.startsWith("ifb"),
  isUp: true,
  isOurs: false,
  root: kernelRoot(),
  ingress: null,
  offloads: [],
  ...parts,
});

export const redirect: Filter = {
  preference: OUR_PREFERENCE,
  kind: "matchall",
  to: "ifb4wan",
};

/** A host as `qdisc up` leaves it. */
export const builtHost = (): Host => ({
  has: { cake: true, matchall: true },
  masquerades: false,
  feeders: [],
  unread: [],
  devices: {
    upload: device("wan", {
      root: cakeRoot("upload"),
      ingress: { kind: "ingress", filters: [redirect] },
    }),
    download: device("ifb4wan", { isOurs: true, root: cakeRoot("download") }),
  },
});

export const anyQueue: fc.Arbitrary<QueueConfig> = fc.record({
  link: fc.constantFrom(...LINKS),
  overheadBytes: fc.option(fc.integer({ min: -64, max: 256 })),
  mpuBytes: fc.option(fc.integer({ min: 0, max: 256 })),
  rttMs: fc.integer({ min: 1, max: 1000 }),
  nat: fc.boolean(),
  wash: fc.boolean(),
  ackFilter: fc.boolean(),
  diffserv: fc.constantFrom(...DIFFSERVS),
});

const anyRoot = (direction: "download" | "upload"): fc.Arbitrary<Root> =>
  fc.oneof(
    fc.constantFrom(kernelRoot(), kernelRoot("fq_codel"), foreignRoot, htbRoot),
    anyQueue.map((queue) => cakeRoot(direction, queue)),
    anyQueue.map((queue) => ({
      ...cakeRoot(direction, queue),
      handle: "8002:",
      owner: "foreign" as const,
    })),
  );

const anyFilter: fc.Arbitrary<Filter> = fc.record({
  preference: fc.constantFrom(OUR_PREFERENCE, 49152, 1),
  kind: fc.constantFrom("matchall", "u32"),
  to: fc.constantFrom("ifb4wan", "ifb0", null),
});

const anyUpload: fc.Arbitrary<Device> = fc
  .record({
    root: anyRoot("upload"),
    ingress: fc.option(
      fc.record({
        kind: fc.constantFrom("ingress" as const, "clsact" as const),
        filters: fc.uniqueArray(anyFilter, {
          maxLength: 3,
          selector: ({ preference }) => preference,
        }),
      }),
    ),
  })
  .map((parts) => device("wan", parts));

const anyDownload: fc.Arbitrary<Device | null> = fc.option(
  fc
    .record({
      root: anyRoot("download"),
      isUp: fc.boolean(),
      isIfb: fc.boolean(),
      isOurs: fc.boolean(),
    })
    .map((parts) =>
      device("ifb4wan", { ...parts, isOurs: parts.isIfb && parts.isOurs }),
    ),
);

/** Any host with the WAN's device; clean ones have nothing of ours and nothing foreign. */
export const anyHost: fc.Arbitrary<Host> = fc.record({
  has: fc.record({ cake: fc.boolean(), matchall: fc.boolean() }),
  masquerades: fc.boolean(),
  feeders: fc.constant([]),
  unread: fc.constant([]),
  devices: fc.record({ upload: anyUpload, download: anyDownload }),
});

export const cleanHost: fc.Arbitrary<Host> = fc.record({
  has: fc.record({ cake: fc.boolean(), matchall: fc.boolean() }),
  masquerades: fc.boolean(),
  feeders: fc.constant([]),
  unread: fc.constant([]),
  devices: fc.record({
    upload: fc
      .constantFrom(kernelRoot(), kernelRoot("mq"))
      .map((root) => device("wan", { root })),
    download: fc.option(
      fc.boolean().map((isUp) => device("ifb4wan", { isUp })),
    ),
  }),
});
