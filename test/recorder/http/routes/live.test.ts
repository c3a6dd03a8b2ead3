import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { expect } from "chai";
import {
  CLIENTS_MAX,
  PENDING_BYTES_MAX,
} from "../../../../recorder/http/routes/live.js";
import { encodeFrame, type Frame } from "../../../../shared/contract/frame.js";
import { cycle, sample, stamped, transition } from "../../../fakes/frames.js";
import { until } from "../../../fakes/until.js";
import { temporaryPost } from "../post.js";

interface Heard {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** Collects a stream's events as they become whole. */
function collected(stream: IncomingMessage): readonly Heard[] {
  const heard: Heard[] = [];
  let rest = "";
  stream.on("data", (part: Buffer) => {
    const blocks = (rest + String(part)).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== undefined && data !== undefined)
        heard.push({ event, data: JSON.parse(data) as Heard["data"] });
    }
  });
  return heard;
}

describe("GET /api/v1/live", () => {
  const post = temporaryPost();
  let clients: IncomingMessage[] = [];
  afterEach(() => {
    for (const client of clients) client.destroy();
    clients = [];
  });

  async function listen(query = "") {
    const asked = get(`${post.url}/api/v1/live${query}`, { agent: false });
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    answer.on("error", () => {});
    clients.push(answer);
    return answer;
  }

  const hear = async (query = "") => collected(await listen(query));

  const every = (): Frame[] => [
    stamped(cycle(), 1),
    stamped(transition(), 2),
    stamped(sample(1), 3, { source: "steering" }),
    stamped(cycle({ rttUs: null, reading: 2 }), 4, { source: "att" }),
  ];

  const kindAndFrame = (frame: Frame) => ({ event: frame.kind, data: frame });

  for (const [query, holds] of [
    ["", () => true],
    ["?wan=att", ({ source }: Frame) => source === "att"],
    ["?kind=transition&kind=sample", (f: Frame) => f.kind !== "cycle"],
    ["?wan=spectrum&kind=cycle", (f: Frame) => f.seq === 1],
  ] as const)
    it(`sends frames as they come, in the wire's names and units${query && `: ${query}`} (API-01)`, async () => {
      const heard = await hear(query);
      post.take(...every(), stamped(transition(), 5, { source: "att" }));
      const wished = [
        ...every(),
        stamped(transition(), 5, { source: "att" }),
      ].filter(holds);
      await until(() => (heard.length >= wished.length ? true : null));
      expect(heard).to.deep.equal(wished.map(kindAndFrame));
    });

  it("does not take for live what was sent again (INTG-04)", async () => {
    const heard = await hear();
    const [old = stamped(cycle(), 1), fresh = old] = [1, 2].map((seq) =>
      stamped(cycle(), seq),
    );
    post.intake.take(encodeFrame(old), old);
    post.take(fresh);
    await until(() => heard[0] ?? null);
    expect(heard).to.deep.equal([kindAndFrame(fresh)]);
  });

  it("tells a slow client what it has lost, keeps others and itself free of it, and stays within its bound", async () => {
    const slow = await listen();
    slow.pause();
    const quick = await hear();
    const config = { text: "x".repeat(30_000) };
    const total = 600; // 18 MB: more than sockets and the bound hold
    for (let seq = 1; seq <= total; seq++) {
      post.take(stamped({ kind: "config", trigger: "start", config }, seq));
      // a client that reads has the time to
      await until(() => (quick.length >= seq ? true : null));
    }
    expect(quick.map(({ data }) => data["seq"])).to.deep.equal(
      Array.from({ length: total }, (_, i) => i + 1),
    );
    const text = await (await post.get("/metrics")).text();
    const dropped = Number(
      /^wanctl_live_dropped_total (\d+)$/m.exec(text)?.[1],
    );
    expect(dropped).to.be.above(0);

    const events = collected(slow);
    slow.resume();
    let seq = total;
    await until(() => {
      post.take(stamped(cycle(), ++seq));
      return events.some(({ event }) => event === "dropped") || null;
    });
    const last = seq;
    await until(() =>
      events.some(({ data }) => data["seq"] === last) ? true : null,
    );
    const frames = events.filter(({ event }) => event !== "dropped");
    const lost = events
      .filter(({ event }) => event === "dropped")
      .reduce((sum, { data }) => sum + Number(data["frames"]), 0);
    expect(frames.length + lost).to.equal(last);
    const at = events.findIndex(({ event }) => event === "dropped");
    const [before, told, after] = events.slice(at - 1);
    expect(
      Number(after?.data["seq"]) - Number(before?.data["seq"]) - 1,
    ).to.equal(told?.data["frames"]);
    expect(PENDING_BYTES_MAX).to.be.below(200_000);
  });

  it(`turns away who comes after ${CLIENTS_MAX}, until one leaves`, async () => {
    for (let i = 0; i < CLIENTS_MAX; i++)
      expect((await listen()).statusCode).to.equal(200);
    const answer = await post.get("/api/v1/live");
    expect(answer.status).to.equal(503);
    expect(answer.headers.get("retry-after")).to.equal("5");
    expect(await answer.json()).to.deep.equal({
      error: `Cannot open the live stream: at most ${CLIENTS_MAX} clients at once`,
    });
    clients[0]?.destroy();
    for (;;) {
      const next = await listen();
      if (next.statusCode === 200) break;
      post.clock.advance(100);
    }
  });
});
