import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parse } from "node:querystring";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import fc from "fast-check";
import { parse as parseYaml, stringify } from "yaml";
import { parseReached } from "../../cli/check/probes.js";
import { qdiscPage } from "../../cli/commands/qdisc.js";
import { openCheckpoint } from "../../controller/checkpoint.js";
import { loadControllerConfig } from "../../controller/config/config.js";
import { PRESETS } from "../../controller/law/tuning.js";
import { parseProcLine as parseDeviceBytes } from "../../controller/line/counters.js";
import { parseReply } from "../../controller/probes/fping/fping.js";
import { parseGateway } from "../../controller/probes/gateway.js";
import { decodeAnswer } from "../../controller/probes/icmp/packet.js";
import { nameIn } from "../../controller/probes/sockets.js";
import { wholeIn } from "../../controller/qdisc/answer.js";
import { findings } from "../../controller/qdisc/findings.js";
import {
  leadsTo,
  parseHostDevice,
  type DesiredQueues,
} from "../../controller/qdisc/parse.js";
import { planDown, planUp } from "../../controller/qdisc/plan.js";
import { openRest } from "../../controller/shapers/routeros/rest.js";
import { openRouterOs } from "../../controller/shapers/routeros/routeros.js";
import {
  parseItems,
  parseSet,
} from "../../controller/shapers/routeros/script.js";
import { parseActualRate } from "../../controller/shapers/tc/qdisc.js";
import { loadRecorderConfig } from "../../recorder/config.js";
import { routesOf } from "../../recorder/http/api.js";
import { HttpError } from "../../recorder/http/errors.js";
import { queryReader, spanIn } from "../../recorder/http/query.js";
import { ConfigError } from "../../shared/config/error.js";
import { DIRECTIONS } from "../../shared/contract/direction.js";
import {
  decodeFrame,
  encodeFrame,
  FrameError,
} from "../../shared/contract/frame.js";
import { cycle, NOON_MS, stamped, transition } from "./frames.js";
import { handClock } from "./hand-clock.js";
import { mutated, spoilt, spoiltBytes } from "./spoilt.js";

/** Whatever comes from outside is read, or refused in the one way that its reader promises. */
export interface Target {
  readonly name: string;
  readonly property: fc.IAsyncProperty<unknown>;
}

/** Reads; what is thrown must be of this kind. @returns what was read, null where it was refused */
function orRefused<T>(
  read: () => T,
  kind: abstract new (...args: never[]) => Error,
): T | null {
  try {
    return read();
  } catch (error) {
    expect(error).to.be.instanceOf(kind);
    expect((error as Error).message).to.match(/^Cannot |^frame/i);
    return null;
  }
}

const sync = <T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => void,
): Target => ({
  name,
  property: fc.asyncProperty(inputs, (input) => {
    holds(input);
    return Promise.resolve();
  }),
});

const example = (name: string): string =>
  readFileSync(
    fileURLToPath(new URL(`../../../config/${name}.yaml`, import.meta.url)),
    "utf8",
  );

const frames = sync(
  "frames",
  spoiltBytes([cycle(), transition()].map((m) => encodeFrame(stamped(m, 1)))),
  (bytes) => {
    const read = orRefused(() => decodeFrame(bytes), FrameError);
    if (read !== null)
      expect(decodeFrame(encodeFrame(read.frame)).frame).to.deep.equal(
        read.frame,
      );
  },
);

function configurations(folder: string): Target[] {
  const file = join(folder, "fuzz.yaml");
  const texts = (examples: readonly string[]) => examples.map(example);
  const trees = (examples: readonly string[]) =>
    mutated(texts(examples).map((text): unknown => parseYaml(text))).map(
      (tree) => stringify(tree, { aliasDuplicateObjects: false }),
    );
  const of = (
    name: string,
    examples: readonly string[],
    holds: (file: string) => void,
  ) =>
    sync(name, fc.oneof(spoilt(texts(examples)), trees(examples)), (text) => {
      writeFileSync(file, text);
      holds(file);
    });
  return [
    of(
      "a controller's configuration",
      ["spectrum", "att", "demo-att", "routeros"],
      (path) => {
        const read = orRefused(() => loadControllerConfig(path), ConfigError);
        for (const direction of read === null ? [] : DIRECTIONS) {
          const limits = read?.values.policy.limits[direction];
          expect(limits?.floorBps).to.be.greaterThan(0);
          expect(limits?.floorBps).to.be.at.most(limits?.baseBps ?? NaN);
          expect(limits?.baseBps).to.be.at.most(limits?.ceilingBps ?? NaN);
        }
      },
    ),
    of(
      "the recorder's configuration",
      ["recorder", "demo-recorder"],
      (path) => {
        const read = orRefused(() => loadRecorderConfig(path), ConfigError);
        if (read !== null) expect(read.values.policy.keep["1h"]).to.be.above(0);
      },
    ),
  ];
}

/** Values that some parameter takes, and their neighbours. */
const ASKED = [
  ...["spectrum", "att", "rtt", "rate", "state", "wanctl_rtt_ms", "transition"],
  ...["1h", "0h", "90m", "5m", "now", "0", "1", "600", "9007199254740993"],
  ...["2025-06-01", "2025-02-30", "2025-06-01T00:00Z", "2025-06-01T25:00Z"],
  ...["1748736000000", "-1748736000000", "rtt,rate", ",", "rtt,,rate"],
];

/** Parameters that a route has, with values of all kinds, some of them more than once. */
const asked = (names: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(
      fc.tuple(
        fc.constantFrom(...names, "range", "toString"),
        fc.oneof(
          fc.constantFrom(...ASKED),
          spoilt(ASKED),
          fc.string({ maxLength: 6 }),
        ),
      ),
      { maxLength: 6 },
    )
    .map((pairs) =>
      pairs.map(([name, value]) => `${name}=${escape(value)}`).join("&"),
    );

/** As a browser would; half a character as what stands for it. */
const escape = (value: string): string =>
  encodeURIComponent(Buffer.from(value).toString());

/** Queries as they come over the wire, to every route. */
function queries(): Target {
  const readers = routesOf({} as never).map(({ path, query }) => ({
    path,
    names: Object.keys(query.properties),
    read: queryReader(path, query),
  }));
  const good = [
    "from=2025-06-01T00:00Z&to=1749988800000&wan=spectrum&metric=rtt&points=600",
    "step=5m&cursor=abc&kind=transition&kind=event&limit=10",
    "range=1h&metrics=rtt,rate&offset=0",
  ];
  return sync(
    "queries",
    fc
      .constantFrom(...readers)
      .chain((reader) =>
        fc.tuple(
          fc.constant(reader),
          fc.oneof(spoilt(good), asked(reader.names)),
        ),
      ),
    ([{ path, read }, text]) => {
      const query = orRefused(() => read(parse(text)), HttpError) as {
        from?: string;
        to?: string;
      } | null;
      if (query === null) return;
      const span = orRefused(() => spanIn(path, query, NOON_MS), HttpError);
      if (span !== null) expect(span.fromMs).to.be.below(span.toMs);
    },
  );
}

/** What a router may say over SSH, and what comes of items that are not what they should be. */
const ROUTER_TEXT =
  ".id 2 *1\nname 4 down\nmax-limit 8 20000000\n.\nwanctl-end\n";
const ssh = sync(
  "a router's answers over SSH",
  spoilt([ROUTER_TEXT]),
  (text) => {
    expect(parseItems(text).kind).to.be.oneOf(["done", "failed"]);
    expect(parseSet(text).kind).to.be.oneOf(["done", "failed"]);
  },
);

const GOOD_ITEMS =
  '[{".id":"*1","name":"down","max-limit":"20M"},{".id":"*2","name":"up","max-limit":"5000000"}]';

/** A router that answers this and no more, over real HTTP. */
async function rest(): Promise<Target & AsyncDisposable> {
  let [status, body] = [200, ""];
  const server: Server = createServer((_, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const session = openRest({
    ...{ host: "127.0.0.1", port, trust: null, user: "u" },
    ...{ password: () => "secret-word", deadlineMs: 5_000 },
  });
  const names = { download: "down", upload: "up" };
  const router = openRouterOs(session, { kind: "tree", names }, handClock());
  const value = fc.oneof(
    fc.constantFrom<unknown>(...["down", "up", "*1", "20M", "0", "x", ""]),
    fc.constantFrom<unknown>(5, true, null, [], {}, { toString: 1 }),
    fc.jsonValue(),
  );
  const item = fc.dictionary(
    fc.constantFrom(".id", "name", "max-limit", "__proto__", "disabled"),
    value,
  );
  const answers = fc.oneof(
    spoilt([GOOD_ITEMS]),
    fc.json(),
    fc.oneof(item, fc.array(item)).map((items) => JSON.stringify(items)),
    mutated([JSON.parse(GOOD_ITEMS)]).map((items) => JSON.stringify(items)),
  );
  return {
    name: "a router's answers over REST",
    property: fc.asyncProperty(
      answers,
      fc.constantFrom(200, 200, 200, 201, 400, 401, 404, 500, 503),
      async (text, code) => {
        [status, body] = [code, text];
        const rates = await router.readRates();
        if (rates.kind === "done")
          expect(rates.value.download).to.be.greaterThan(0);
        for (const outcome of [
          await router.setRate("download", 1e7),
          await router.describe(),
        ])
          expect(outcome.kind).to.be.oneOf(["done", "failed"]);
      },
    ),
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
    },
  };
}

function checkpoints(folder: string): Target {
  const file = join(folder, "fuzz.json");
  const limits = { floorBps: 5e6, baseBps: 5e7, ceilingBps: 9e7 };
  const bloat = { targetMs: 15, warnMs: 45, hardRedMs: 80 };
  const each = { ...limits, ...bloat };
  const of = {
    ...{ wan: "cable", line: "wan0 ifb", reflectors: ["1.1.1.1", "one"] },
    policy: {
      limits: { download: each, upload: each },
      restless: PRESETS.cable.restless,
      ...{ reflectors: 2, spacingMs: 50 },
    },
  };
  const good = JSON.stringify({
    ...{ version: 1, wan: "cable", line: "wan0 ifb", at_ms: NOON_MS - 1000 },
    baselines_ms: { "1.1.1.1": 12.5, one: 20 },
    rates_bps: { download: 40_000_000, upload: 8_000_000 },
  });
  return sync("a checkpoint", spoilt([good]), (text) => {
    writeFileSync(file, text);
    const { known } = openCheckpoint(file, of, handClock(), () => undefined);
    for (const direction of DIRECTIONS)
      if (known.rateBps !== null)
        expect(known.rateBps[direction]).to.be.within(5e6, 9e7);
    for (const ms of known.baselinesMs)
      if (ms !== null) expect(ms).to.be.within(0, 10_000);
  });
}

const PING =
  "[1795231333.06965] 10.0.3.11 : [0], 64 bytes, 40.4 ms (40.4 avg, 0% loss)";
const probes = sync(
  "packets and lines of pingers",
  fc.tuple(fc.uint8Array({ maxLength: 80 }), spoilt([PING])),
  ([packet, line]) => {
    decodeAnswer(Buffer.from(packet));
    const reply = parseReply(line);
    if (reply !== null) expect(reply.rttMs).not.to.be.NaN;
  },
);

const QDISCS = [
  `[{"kind":"cake","handle":"ca4e:","root":true,"options":{"bandwidth":1250000,"diffserv":"besteffort","rtt":100000,"ack-filter":"disabled","atm":"noatm","overhead":18},"bytes":70,"tins":[{"ecn_mark":4,"ack_drops":5}]},{"kind":"ingress","handle":"ffff:","parent":"ffff:fff1","options":{}}]`,
  `[{"kind":"htb","handle":"1:","root":true,"options":{r2q 10 default 0x1 }},{"kind":"bfifo","handle":"ca4e:","parent":"1:1"},{"kind":"clsact","dev":"wan"}]`,
];
const FILTERS = [
  `[{"protocol":"all","pref":51790,"kind":"u32","options":{fh 800: ht divisor 1 }},{"pref":51790,"kind":"u32","options":{"actions":[{"kind":"mirred","mirred_action":"redirect","to_dev":"ifb4wan"}]}}]`,
];
const CLASSES = [
  "class htb 1:1 root leaf ca4e: prio 0 rate 10Mbit ceil 10Mbit",
  `[{"class":"htb","handle":"1:1","root":true,"rate":2500000}]`,
];
const LINKS = [
  `[{"ifname":"ifb4wan","flags":["UP"],"ifalias":"wanctl","linkinfo":{"info_kind":"ifb"}}]`,
];

/** A good answer spoilt, or its tree with other values, or anything. */
const answered = (good: readonly string[]): fc.Arbitrary<string> => {
  const trees = good.flatMap((text): unknown[] =>
    wholeIn(text) !== null ? [JSON.parse(text)] : [],
  );
  return fc.oneof(
    spoilt(good),
    fc.json(),
    fc.string(),
    ...(trees.length === 0
      ? []
      : [mutated(trees).map((tree) => JSON.stringify(tree))]),
  );
};

/** A queue steers by it, plans are made of it, and neither dies of it: what is unreadable is nobody's of ours. */
const programs = sync(
  "answers of tc, ip and ethtool",
  fc.record({
    link: answered(LINKS),
    qdiscs: answered(QDISCS),
    classes: answered(CLASSES),
    filters: answered(FILTERS),
    features: fc.string(),
  }),
  (answers) => {
    const enforced = parseActualRate([answers.classes, answers.qdiscs]);
    if (enforced !== null && enforced !== "unreadable")
      expect(enforced.bps).to.be.within(0, 1e13);
    const device = parseHostDevice(answers);
    for (const one of [
      device,
      parseHostDevice({ ...answers, link: LINKS[0]! }),
    ]) {
      const host = {
        has: { cake: true, matchall: true },
        masquerades: leadsTo(answers.filters, "ifb4wan"),
        devices: { upload: one, download: device },
        ...{ feeders: [], unread: [] },
      };
      findings(WANTED, host);
      planUp(WANTED, host, false);
      planDown(host);
      qdiscPage("wan", WANTED, host, []);
    }
  },
);

const LIMITS = { floorBps: 4e6, baseBps: 15e6, ceilingBps: 25e6 };
const WANTED: DesiredQueues = {
  devices: { download: "ifb4wan", upload: "wan" },
  limits: { download: LIMITS, upload: LIMITS },
  queue: {
    ...{ link: "docsis", overheadBytes: null, mpuBytes: null, rttMs: 100 },
    ...{ nat: true, wash: true, ackFilter: false, diffserv: "besteffort" },
  },
};

const DEVICES = "Inter-|\n face |bytes\n  wan0:18446 12 0 0 0 0 0 0 5678 13\n";
const ROUTES =
  "Iface\tDestination\nwan0\t00000000\t0102000A\t0003\t0\t0\t100\t00000000\n";
const REACHED = "1.1.1.1 : 9.87 - 10.2\n";

const kernelFiles = sync(
  "files of the kernel, rtnetlink, and what fping sums up",
  fc.tuple(
    ...[DEVICES, ROUTES, REACHED].map((good) => spoilt([good])),
    spoiltBytes([
      Buffer.from("1c0000001000000000000000000000000000000000000000", "hex"),
    ]),
  ),
  ([devices, routes, reached, link]) => {
    const bytes = parseDeviceBytes(devices as string, "wan0");
    if (bytes !== null) expect(bytes.received + bytes.sent).to.be.finite;
    parseGateway(routes as string, "wan0");
    for (const { rttsMs } of parseReached(reached as string))
      for (const ms of rttsMs) expect(ms).to.be.at.least(0);
    nameIn(link as Buffer);
  },
);

/** All of them. @param folder where files may be written; something listens until it is disposed */
export async function openTargets(
  folder: string,
): Promise<{ readonly targets: readonly Target[] } & AsyncDisposable> {
  const router = await rest();
  return {
    targets: [
      ...[frames, ...configurations(folder), queries(), ssh, router],
      ...[checkpoints(folder), probes, programs, kernelFiles],
    ],
    [Symbol.asyncDispose]: () => router[Symbol.asyncDispose](),
  };
}
