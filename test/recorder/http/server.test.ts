import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import fc from "fast-check";
import { openServer } from "../../../recorder/http/server.js";
import { Failure } from "../../../shared/runtime/failure.js";
import { cycle, stamped, transition } from "../../fakes/frames.js";
import { handClock } from "../../fakes/hand-clock.js";
import { collectedLog } from "../collected-log.js";
import { temporaryPost } from "./post.js";

const PATHS = [
  "/health",
  "/metrics",
  "/metrics/history",
  "/api/v1/wans",
  "/api/v1/live",
  "/api/v1/series",
  "/api/v1/range",
  "/api/v1/summary",
  "/api/v1/events",
  "/api/v1/gaps",
  "/api/v1/openapi.json",
];

interface OpenApi {
  readonly paths: Record<
    string,
    {
      get: {
        responses: Record<
          string,
          { content: Record<string, { schema: object }> }
        >;
      };
    }
  >;
}

describe("openServer()", () => {
  const post = temporaryPost();

  it("answers health: 200, or 503 with reasons (API-01)", async () => {
    const fine = await post.get("/health");
    expect(fine.status).to.equal(200);
    expect(await fine.json()).to.deep.equal(post.health.now);
    const reasons = ["the database cannot be written"];
    post.health.now = { ...post.health.now, status: "degraded", reasons };
    const bad = await post.get("/health");
    expect(bad.status).to.equal(503);
    expect(await bad.json()).to.deep.equal(post.health.now);
  });

  for (const path of PATHS)
    it(`answers HEAD of ${path} as GET, without a body`, async () => {
      const { status, headers, body } = await post.get(path, {
        method: "HEAD",
      });
      expect(status).to.equal(200);
      expect(body).to.equal(null);
      expect(headers.get("content-type")).to.match(
        /^(application\/json|text\/(plain|event-stream))/,
      );
    });

  for (const path of ["/health", "/nowhere"])
    it(`lets nobody else's page read or show ${path}, nor anything be kept`, async () => {
      const { headers } = await post.get(path, {
        headers: { origin: "http://elsewhere.example" },
      });
      expect(headers.get("access-control-allow-origin")).to.equal(null);
      expect(headers.get("content-security-policy"))
        .to.include("default-src 'none'")
        .and.include("connect-src 'self'")
        .and.include("frame-ancestors 'none'");
      expect(headers.get("x-content-type-options")).to.equal("nosniff");
      expect(headers.get("cache-control")).to.equal("no-store");
    });

  for (const [path, status, words] of [
    ["/nowhere", 404, "known here: /health"],
    ["/health/", 404, "Cannot find '/health/'"],
    ["/%zz", 400, "not a valid url"],
    [`/health?${"x".repeat(3_000)}`, 414, "at most 2048 characters"],
    ["/health?x=1", 400, "unknown, there are none here"],
    ["/api/v1/events?limt=1", 400, "unknown, known here: from, to, wan, kind"],
    ["/api/v1/events?limit=0", 400, "a whole number from 1 to 1000: got 0"],
    ["/api/v1/events?limit=1&limit=2", 400, 'from 1 to 1000: got ["1","2"]'],
    ["/api/v1/events?limit=1e2", 400, 'got "1e2"'],
    [
      "/api/v1/events?wan=Spectrum",
      400,
      'the name of a WAN, at most 32 of them: got "Spectrum"',
    ],
    ["/api/v1/events?kind=start", 400, "transition, config, started"],
    ["/api/v1/events?from=yesterday", 400, "ms since 1970, or ISO 8601"],
    ["/api/v1/events?from=2025-06-15T12:00", 400, "with a time zone"],
    ["/api/v1/events?from=2025-13-15T12:00Z", 400, "must be a valid date"],
    ["/api/v1/events?from=2025-02-30T12:00Z", 400, "must be a valid date"],
    ["/api/v1/range?metric=rtx", 400, "each must be one of rtt, rate"],
    ["/metrics/history?metrics=rtx", 400, "a metric or a family"],
    ["/api/v1/events?from=2&to=2", 400, "must be before 'to'"],
    ["/api/v1/events?cursor=1.2", 400, "must be a cursor of this route"],
    ["/api/v1/gaps?cursor=1.2.3", 400, "must be a cursor of this route"],
    ["/api/v1/gaps?cursor=x", 400, "the `next` of the previous page"],
    ["/api/v1/live?kind=sneeze", 400, "must be one of cycle, transition"],
    ["/api/v1/live?__proto__=x", 400, "unknown"],
  ] as const)
    it(`says what is wrong with ${path.slice(0, 50)} (API-01)`, async () => {
      const answer = await post.get(path);
      const body = (await answer.json()) as { error: string };
      expect(answer.status, body.error).to.equal(status);
      expect(body.error).to.include(words);
    });

  it("names route, parameter, rule and value of what it cannot read (API-01)", async () =>
    expect(await post.json("/api/v1/events?limit=0")).to.deep.equal({
      error:
        "Cannot read parameter 'limit' of '/api/v1/events': must be a whole number from 1 to 1000: got 0",
      route: "/api/v1/events",
      parameter: "limit",
      rule: "must be a whole number from 1 to 1000",
      value: 0,
    }));

  it("takes any query for what it is: 200, or 400 with the reason (API-01)", async () => {
    const name = fc.oneof(
      fc.constantFrom("from", "to", "wan", "kind", "limit", "cursor"),
      fc.string(),
    );
    const value = fc.oneof(fc.nat().map(String), fc.string());
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("/api/v1/events", "/api/v1/gaps", "/api/v1/wans"),
        fc.array(fc.tuple(name, value), { maxLength: 4 }),
        async (path, pairs) => {
          post.clock.advance(1_000);
          const query = new URLSearchParams(pairs).toString();
          const answer = await post.get(`${path}?${query}`);
          const body = (await answer.json()) as Record<string, unknown>;
          expect([200, 400]).to.include(answer.status);
          expect(body).to.have.property(
            answer.status === 200 ? "data" : "error",
          );
          expect(JSON.stringify(body)).not.to.match(/\.[jt]s:\d/);
        },
      ),
      { numRuns: 200 },
    );
    expect(post.log.events).not.to.include("http_failed");
  });

  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
    it(`refuses ${method}: 405`, async () => {
      const asked = request(`${post.url}/health`, { method });
      asked.end(method === "POST" ? "{}" : undefined);
      const [answer] = (await once(asked, "response")) as [
        { statusCode: number; headers: Record<string, string> },
      ];
      expect(answer.statusCode).to.equal(405);
      expect(answer.headers["allow"]).to.equal("GET, HEAD");
      asked.destroy();
    });

  it("takes no body", async () => {
    const asked = request(`${post.url}/health`, {
      headers: { "content-length": 2 },
    });
    asked.end("{}");
    const [answer] = (await once(asked, "response")) as [
      { statusCode: number },
    ];
    expect(answer.statusCode).to.equal(413);
  });

  it("answers nobody who asks by a name that leads here", async () => {
    for (const [host, status] of [
      ["localhost:9101", 200],
      ["LOCALHOST", 200],
      ["LocalHost:9101", 200],
      ["localhost.", 200],
      ["localhost.:9101", 200],
      ["localhost..", 403],
      ["localhost.example", 403],
      [".", 403],
      ["192.0.2.1", 200],
      ["[::1]:9101", 200],
      ["rebound.example:9101", 403],
    ] as const) {
      const asked = request(`${post.url}/health`, { headers: { host } }).end();
      const [answer] = (await once(asked, "response")) as [
        { statusCode: number },
      ];
      expect(answer.statusCode, host).to.equal(status);
      asked.destroy();
    }
  });

  it("answers so often and no more", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 402; i++) {
      const { status, body } = await post.get("/health");
      await body?.cancel();
      statuses.push(status);
    }
    expect(statuses.slice(0, 400).every((status) => status === 200)).to.be.true;
    expect(statuses.slice(400)).to.deep.equal([429, 429]);
    post.clock.advance(5);
    expect((await post.get("/health")).status).to.equal(200);
  });

  it("outlives what is no HTTP at all", async () => {
    const { port } = new URL(post.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.end("no HTTP\r\n\r\n");
    const [reply] = (await once(socket, "data")) as [Buffer];
    expect(String(reply)).to.match(/^HTTP\/1\.1 400/);
    expect((await post.get("/health")).status).to.equal(200);
  });

  it("describes every route by the schemas it checks with, and its answers are as described (API-01)", async () => {
    post.take(stamped(cycle(), 1), stamped(transition(), 2));
    post.take(stamped(cycle(), 9));
    post.intake.commit();
    const document = (await post.json(
      "/api/v1/openapi.json",
    )) as unknown as OpenApi;
    expect(Object.keys(document.paths)).to.have.members(
      PATHS.filter((path) => !path.endsWith("openapi.json")),
    );
    for (const path of ["/health", "/api/v1/wans", "/api/v1/events"]) {
      const answer: unknown = await post.json(path);
      const found = document.paths[path]?.get.responses["200"];
      const schema = found?.content["application/json"]?.schema;
      const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
      ajv.validate(schema ?? {}, answer);
      expect(ajv.errors, path).to.equal(null);
      expect(Object.keys(schema ?? {}), path).not.to.be.empty;
    }
  });

  it("says in one line where it cannot listen", async () => {
    const { port } = new URL(post.url);
    const config = { host: "127.0.0.1", port: Number(port), token: null };
    const context = { clock: handClock(), log: collectedLog() };
    const error: unknown = await openServer(
      config,
      [],
      context,
      () => {},
    ).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Failure);
    expect((error as Failure).message).to.match(
      /^Cannot serve HTTP at '127\.0\.0\.1:\d+': must be a free local address: got EADDRINUSE: .*$/,
    );
  });
});

describe("openServer() with a token", () => {
  const token = "0123456789abcdefghij";
  const post = temporaryPost({ token });

  it("answers whoever brings it, by any host name (API-01)", async () => {
    const authorization = `Bearer ${token}`;
    const asked = request(`${post.url}/health`, {
      headers: { authorization, host: "wanctl.example" },
    }).end();
    const [answer] = (await once(asked, "response")) as [
      { statusCode: number },
    ];
    expect(answer.statusCode).to.equal(200);
    asked.destroy();
  });

  for (const authorization of [
    undefined,
    "",
    "Bearer",
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    token,
  ])
    it(`answers nobody with ${authorization}: 401 for every path`, async () => {
      for (const path of [...PATHS, "/nowhere"]) {
        const answer = await post.get(path, {
          headers: authorization === undefined ? {} : { authorization },
        });
        expect(answer.status, path).to.equal(401);
        expect(answer.headers.get("www-authenticate")).to.equal("Bearer");
        expect(await answer.text()).not.to.include(token);
      }
    });
});
