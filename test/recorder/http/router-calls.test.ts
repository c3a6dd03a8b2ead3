import { expect } from "chai";
import fc from "fast-check";
import { openCallsWatch } from "../../../controller/condition/samples.js";
import { openRouterCalls } from "../../../controller/shapers/calls.js";
import { openSession } from "../../../controller/shapers/routeros/transport.js";
import type { Message } from "../../../shared/contract/frame.js";
import {
  CALL_OUTCOMES,
  type CallCounts,
  TRANSPORTS,
} from "../../../shared/contract/router-call.js";
import {
  later,
  type MonoMs,
  systemClock,
} from "../../../shared/runtime/clock.js";
import { sample, stamped } from "../../fakes/frames.js";
import { openDevice } from "../../fakes/routeros/device.js";
import {
  type FakeRouterOs,
  openFakeRouterOs,
  PASSWORD,
  USER,
} from "../../fakes/routeros/server.js";
import { temporaryPost } from "./post.js";

const METRIC = "wanctl_router_calls_total";
const SECRET = "ROUTER_CALLS_PASSWORD";

describe(METRIC, () => {
  const post = temporaryPost();
  let router: FakeRouterOs;
  before(async () => {
    process.env[SECRET] = PASSWORD;
    router = await openFakeRouterOs(openDevice(), { certificate: null });
  });
  after(async () => {
    Reflect.deleteProperty(process.env, SECRET);
    await router[Symbol.asyncDispose]();
  });

  async function scraped(): Promise<[string, number][]> {
    const text = await (await post.get("/metrics")).text();
    return [...text.matchAll(/^wanctl_router_calls_total(.*) (\d+)$/gm)].map(
      ([, labels = "", count]) => [labels, Number(count)],
    );
  }

  const told = (counts: CallCounts): [string, number][] =>
    Object.keys(counts).length === 0
      ? []
      : TRANSPORTS.flatMap((transport) =>
          CALL_OUTCOMES.map((outcome): [string, number] => [
            `{transport="${transport}",outcome="${outcome}",wan="spectrum"}`,
            counts[transport]?.[outcome] ?? 0,
          ]),
        );

  it("is what the controller's health says, of each of its runs (API-01, DATA-05)", async () => {
    const mood = fc.constantFrom<FakeRouterOs["mood"]>(
      ...(["fine", "busy", "drops", "locked"] as const),
      ...(["forbidden", "garbage"] as const),
    );
    let boots = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(mood, { maxLength: 12 }), async (moods) => {
        const boot = (++boots).toString(16).padStart(16, "0");
        const messages: Message[] = [];
        const calls = openRouterCalls();
        const watch = openCallsWatch(
          () => calls.counts(),
          (message) => messages.push(message),
        );
        await using session = openSession(
          {
            ...{ host: "127.0.0.1", user: USER, wanInterface: null },
            queues: { kind: "tree", names: { download: "d", upload: "u" } },
            ways: [
              {
                ...{ transport: "rest", port: router.port, isPlain: true },
                ...{ caFile: null, fingerprint: null },
                secret: { kind: "environment", name: SECRET },
              },
            ],
          },
          systemClock,
          calls,
        );
        let now = 0 as MonoMs;
        for (const each of moods) {
          router.mood = each;
          const { kind } = await session.list("queue/tree");
          expect(kind).to.equal(each === "fine" ? "done" : "failed");
          watch.look((now = later(now, 5_000)));
        }
        const started = {
          kind: "event",
          event: "started",
          detail: {},
        } as const;
        [started, ...messages].forEach((message, i) =>
          post.take(stamped(message, i + 1, { boot })),
        );
        const counts = calls.counts();
        const sum = Object.values(counts.rest ?? {}).reduce((a, b) => a + b, 0);
        expect(sum).to.equal(moods.length);
        expect(await scraped()).to.have.deep.members(told(counts));
      }),
      { numRuns: 25 },
    );
  });

  it("is said when it changes, every five seconds at most, and again every minute", () => {
    const said: string[] = [];
    let ok = 1;
    const watch = openCallsWatch(
      () => ({ tc: { ok, timeout: 2 } }),
      (message) =>
        message.kind === "sample" &&
        said.push(`${message.labels["outcome"]} ${message.value}`),
    );
    const look = (atMs: number) => watch.look(atMs as MonoMs);
    look(0);
    for (ok = 2; ok <= 100; ok++) look(ok * 50);
    expect(said).to.deep.equal(["ok 1", "timeout 2", "ok 100"]);
    for (let atMs = 5_050; atMs <= 64_950; atMs += 50) look(atMs);
    expect(said.slice(3)).to.deep.equal(["ok 101", "timeout 2"]);
  });

  it("has only labels that are known, and no count below zero (DATA-05)", async () => {
    const good = { transport: "ssh", outcome: "timeout" };
    [
      sample(7, good, METRIC),
      sample(8, { ...good, more: "x" }, METRIC),
      sample(-1, good, METRIC),
      sample(1, { ...good, outcome: "lost" }, METRIC),
      sample(1, { transport: "ssh" }, METRIC),
    ].forEach((message, i) => post.take(stamped(message, i + 1)));
    expect(await scraped()).to.have.deep.members(told({ ssh: { timeout: 8 } }));
  });
});
