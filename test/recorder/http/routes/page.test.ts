import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { MODULES } from "../../../../recorder/http/routes/page.js";
import { temporaryPost } from "../post.js";

const DIST = join(import.meta.dirname, "../../../..");

/** Every module that the build leaves for the page, and the chart library. */
const BUILT = readdirSync(join(DIST, "page"), { recursive: true })
  .map((name) => `page/${String(name)}`)
  .filter((name) => name.endsWith(".js"));

describe("The page, as it is served", () => {
  const post = temporaryPost();

  for (const [path, type, text] of [
    ["/", "text/html", '<html lang="en">'],
    ["/assets/page/main.js", "text/javascript", "requestAnimationFrame"],
    ["/assets/page/page.css", "text/css", "color-scheme"],
    ["/assets/page/charts/uplot.js", "text/javascript", "uPlot"],
    ["/assets/page/uplot.css", "text/css", ".u-over"],
  ] as const)
    it(`serves ${path}, and not again where it is still the same (API-01)`, async () => {
      const answer = await post.get(path);
      expect(answer.status).to.equal(200);
      expect(answer.headers.get("content-type")).to.match(
        new RegExp(`^${type}`),
      );
      expect(answer.headers.get("cache-control")).to.equal("no-cache");
      expect(await answer.text()).to.include(text);
      const etag = answer.headers.get("etag") ?? "";
      const again = await post.get(path, {
        headers: { "if-none-match": etag },
      });
      expect(again.status).to.equal(304);
      expect(await again.text()).to.equal("");
      const head = await post.get(path, { method: "HEAD" });
      expect(head.headers.get("etag")).to.equal(etag);
      expect(head.body).to.equal(null);
    });

  for (const path of [
    "/assets/",
    "/assets/page",
    "/assets/page/main.js.map",
    "/assets/page/../../package.json",
    "/assets/page/%2e%2e%2f%2e%2e%2fpackage.json",
    "/assets/recorder/main.js",
    "/assets/constructor",
  ])
    it(`serves no ${path}: 404`, async () =>
      expect((await post.get(path)).status).to.equal(404));

  it("is every module of the page, and the document asks for all at once", async () => {
    expect(MODULES).to.include.members([...BUILT, "page/charts/uplot.js"]);
    const document = await (await post.get("/")).text();
    const told = document.matchAll(/"modulepreload" href="assets\/(.*?)"/g);
    expect([...told].map(([, name]) => name).sort()).to.deep.equal(MODULES);
    for (const name of MODULES)
      expect((await post.get(`/assets/${name}`)).status, name).to.equal(200);
  });
});

describe("The page of a recorder with a token", () => {
  const post = temporaryPost({ token: "0123456789abcdef" });

  it("is served without it; what it shows is not (API-01)", async () => {
    for (const path of ["/", "/assets/page/main.js"])
      expect((await post.get(path)).status, path).to.equal(200);
    for (const path of ["/health", "/api/v1/wans", "/assets"])
      expect((await post.get(path)).status, path).to.equal(401);
  });
});
