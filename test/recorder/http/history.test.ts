import { expect } from "chai";
import fc from "fast-check";
import type { Message } from "../../../shared/contract/frame.js";
import { cycle, NOON_MS, stamped, transition } from "../../fakes/frames.js";
import { readRows } from "../temporary.js";
import { temporaryPost } from "./post.js";

const WANS = ["spectrum", "att", "lte"] as const;

const event = (): Message => ({
  kind: "event",
  event: "reflector_lost",
  detail: { reflector: "1.1.1.1" },
});

interface Row {
  readonly wan: string;
  readonly kind: string;
  readonly at: number;
  readonly source: number;
  readonly seq: number;
}

describe("GET /api/v1/events and /api/v1/gaps", () => {
  const post = temporaryPost();
  beforeEach(() => post.clock.advance(60_000));

  /** Follows `next` to the end. */
  async function walk(path: string): Promise<Record<string, unknown>[]> {
    const all: Record<string, unknown>[] = [];
    let next: unknown = null;
    do {
      post.clock.advance(1_000);
      const cursor = typeof next === "string" ? `&cursor=${next}` : "";
      const { data, metadata } = await post.json(path + cursor);
      expect(metadata["returned"]).to.equal(data.length);
      all.push(...data);
      next = metadata["next"];
    } while (next !== null);
    return all;
  }

  const stored = () =>
    readRows(
      post.store.path,
      `select w.name as wan, e.kind, e.at_ms as at, e.source, e.seq
         from event e join wan w on w.id = e.wan
         order by e.at_ms desc, e.source desc, e.seq desc`,
    ) as unknown as Row[];

  it("pages through every event once, in one order, however long the pages (API-01, DATA-03)", async () => {
    const seqs = { spectrum: 0, att: 0, lte: 0 };
    await fc.assert(
      fc.asyncProperty(
        // many at the same instant: the order must not depend on luck
        fc.array(
          fc.tuple(fc.constantFrom(...WANS), fc.nat({ max: 5 }), fc.boolean()),
          { maxLength: 60 },
        ),
        fc.integer({ min: 1, max: 80 }),
        fc.subarray([...WANS], { minLength: 1 }),
        fc.option(fc.constantFrom("transition", "reflector_lost")),
        fc.nat({ max: 5 }),
        async (frames, limit, wans, kind, fromMs) => {
          post.store.commit(
            frames.map(([source, at, isState]) =>
              stamped(isState ? transition() : event(), ++seqs[source], {
                source,
                at: NOON_MS + at,
              }),
            ),
          );
          const from = NOON_MS + fromMs;
          const query = [
            `from=${from}&to=${NOON_MS + 9}&limit=${limit}`,
            ...wans.map((wan) => `wan=${wan}`),
            ...(kind === null ? [] : [`kind=${kind}`]),
          ].join("&");
          const seen = await walk(`/api/v1/events?${query}`);
          const expected = stored().filter(
            (row) =>
              row.at >= from &&
              (wans as string[]).includes(row.wan) &&
              (kind === null || row.kind === kind),
          );
          expect(
            seen.map(({ wan, kind, at, seq }) => ({ wan, kind, at, seq })),
          ).to.deep.equal(
            expected.map(({ wan, kind, at, seq }) => ({ wan, kind, at, seq })),
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  it("has the numbers of a change of state, and its reason (DATA-03)", async () => {
    post.take(stamped(transition(), 1));
    post.intake.commit();
    const { data } = await post.json("/api/v1/events");
    expect(data).to.deep.equal([
      {
        at: NOON_MS + 50,
        wan: "spectrum",
        kind: "transition",
        details: {
          direction: "download",
          from: 1,
          to: 2,
          reason: "RTT delta 50.3ms exceeded soft_red threshold 45ms",
          deltaUs: 50_300,
          threshold: "soft_red",
          thresholdUs: 45_000,
        },
        boot: "0123456789abcdef",
        seq: 1,
      },
    ]);
  });

  it("takes times as ms or with any zone, a plus sign unescaped too, and leaves the end out", async () => {
    post.take(stamped(transition(), 1, { at: NOON_MS }));
    post.intake.commit();
    const count = async (query: string) =>
      (await post.json(`/api/v1/events?${query}`)).data.length;
    expect(await count(`from=${NOON_MS}`)).to.equal(1);
    expect(await count(`from=0&to=${NOON_MS}`)).to.equal(0);
    expect(await count("from=2025-06-15T12:00Z")).to.equal(1);
    expect(await count("from=2025-06-15T14:00:00.000+02:00")).to.equal(1);
    expect(await count("from=2025-06-15T12:00:00.001Z")).to.equal(0);
  });

  it("keeps a page below a megabyte or so, whatever stands in the events", async () => {
    const config = { text: Array(10).fill("x".repeat(4_000)) };
    for (let seq = 1; seq <= 60; seq++)
      post.take(stamped({ kind: "config", trigger: "start", config }, seq));
    post.intake.commit();
    const first = await post.json("/api/v1/events?limit=1000");
    expect(JSON.stringify(first).length).to.be.within(1e6, 1.2e6);
    expect(await walk("/api/v1/events?limit=1000")).to.have.length(60);
  });

  it("pages through every gap once, with its bounds, count and cause (INTG-04)", async () => {
    for (const [index, source] of WANS.entries())
      for (let seq = 1; seq < 100 + index; seq += 3)
        post.store.commit([stamped(cycle(), seq, { source })]);
    // nobody holds what is missing any more
    post.store.commit([], {
      firstHeld: () => 1_000,
      presence: () => "offered",
    });
    const expected = readRows(
      post.store.path,
      `select w.name as wan, s.boot, g.from_seq as fromSeq, g.to_seq as toSeq, g.from_ms as fromMs, g.to_ms as toMs,
          g.cause, g.count
         from gap g join source s on s.id = g.source join wan w on w.id = s.wan
         order by g.source desc, g.from_seq desc`,
    );
    expect(expected.length).to.be.above(64);
    for (const limit of [1_000, 7])
      expect(await walk(`/api/v1/gaps?limit=${limit}`)).to.deep.equal(expected);
    expect(await walk("/api/v1/gaps?wan=lte")).to.deep.equal(
      expected.filter(({ wan }) => wan === "lte"),
    );
    const from = NOON_MS + 50 * 50;
    const touching = expected.filter((row) => Number(row["toMs"]) >= from);
    expect(touching.length).to.be.below(expected.length);
    expect(await walk(`/api/v1/gaps?from=${from}`)).to.deep.equal(touching);
  });
});
