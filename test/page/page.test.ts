import { expect } from "chai";
import type { Page } from "playwright-core";
import { theBrowser } from "./browser.js";
import { openProxy } from "./proxy.js";
import { Stage } from "./stage.js";

const READY_MS = 60_000;

/** Until the page says it. */
const says = (page: Page, selector: string, words: string | RegExp) =>
  page
    .locator(selector)
    .filter({ hasText: words })
    .first()
    .waitFor({ timeout: READY_MS });

const history = (page: Page, wan: string) =>
  page.getByRole("region", { name: `History of ${wan}` });

/** Until its charts have been drawn. */
async function drawn(page: Page, wan = "spectrum"): Promise<void> {
  await history(page, wan)
    .locator("figcaption", { hasText: /mean/ })
    .first()
    .waitFor({ timeout: READY_MS });
}

describe("The page (API-01)", () => {
  const browser = theBrowser();
  const stage = new Stage();
  before(async () => {
    await stage.open();
    await stage.remember();
    await stage.start();
  });
  after(() => stage.close());

  const link = (fromMs: number, toMs: number, more = "") =>
    `${stage.url}#from=${fromMs}&to=${toMs}${more}`;
  const whole = () => link(stage.endMs - 480_000, stage.endMs);

  it("shows the history of WANs that are not heard", async () => {
    const page = await browser.open(whole());
    await drawn(page);
    await drawn(page, "att");
    expect(await page.locator("#present").innerText()).to.equal("");
  });

  it("shows each WAN now: states, rates, RTT over baseline, and why", async () => {
    await stage.publish();
    const page = await browser.open(stage.url);
    for (const wan of ["att", "spectrum"]) {
      const now = page.getByRole("region", { name: `${wan} now` });
      await now.waitFor({ timeout: READY_MS });
      expect(await now.innerText())
        .to.match(/RTT 25\.1 ms = baseline 23\.9 \+ 1\.2/)
        .and.match(/download\s+GREEN\s[^]*240\s+240\s+18\.\d\s+hold: not in/)
        .and.match(/upload\s+GREEN\s[^]*18\.5\s+18\.5\s+0\.93/);
    }
    await says(page, "#health", "Recorder OK");
  });

  it("leads to the worst minute by a click, to single cycles by zooming, and back", async () => {
    const page = await browser.open(whole());
    await drawn(page);
    await says(page, "#worst li", /spectrum/);
    await page.locator("#worst button").first().click();
    await says(page, "figcaption", /143\.9 ms/);
    const found = page.url();
    expect(found).to.match(/#from=.*Z&to=.*Z$/);
    const cycles = page.waitForRequest(/step=cycle/);
    for (let i = 0; i < 3; i++) await page.keyboard.press("+");
    await cycles;
    expect(page.url()).not.to.equal(found);
    for (let i = 0; i < 3; i++) await page.goBack();
    expect(page.url()).to.equal(found);
    await page.goBack();
    expect(page.url()).to.equal(whole().replace(/\d+/g, (n) => n));
    await says(page, "#worst li", /spectrum/);
  });

  it("zooms by dragging, and shows the same to whom the link is sent", async () => {
    const page = await browser.open(whole());
    await drawn(page);
    const chart = history(page, "att").locator(".u-over").first();
    const box = (await chart.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 40, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/Z&to=/);
    const span = new URLSearchParams(new URL(page.url()).hash.slice(1));
    const [from, to] = ["from", "to"].map((name) =>
      Date.parse(String(span.get(name))),
    );
    expect(from).to.be.closeTo(stage.endMs - 360_000, 5_000);
    expect(to).to.be.closeTo(stage.endMs - 240_000, 5_000);
    const words = await page.locator("#span").innerText();
    const other = await browser.open(page.url());
    await drawn(other);
    expect(await other.locator("#span").innerText()).to.equal(words);
  });

  it("has one cursor for all charts of all WANs", async () => {
    const page = await browser.open(whole());
    await drawn(page);
    await drawn(page, "att");
    await history(page, "att").locator(".u-over").first().hover();
    const time = /\d\d:\d\d:\d\d(\.\d{3})?: /;
    for (const wan of ["att", "spectrum"])
      for (const title of ["RTT", "State", "Download", "Upload"])
        await history(page, wan)
          .locator("figcaption", { hasText: new RegExp(`^${title}`) })
          .filter({ hasText: time })
          .waitFor({ timeout: READY_MS });
  });

  it("tells why a state changed where it is marked (DATA-03)", async () => {
    const page = await browser.open(
      link(stage.badMs - 20_000, stage.badMs + 20_000),
    );
    const mark = history(page, "spectrum").locator(".mark");
    await mark.first().waitFor({ timeout: READY_MS });
    await mark.first().focus();
    await says(
      page,
      ".note",
      "download YELLOW → SOFT_RED: RTT delta 50.3ms exceeded soft_red threshold 45ms",
    );
  });

  it("says what is not recorded, and calls it that in the charts", async () => {
    const page = await browser.open(whole());
    await says(
      page,
      ".partial",
      /^8\d(\.\d)? % of this time range is recorded/,
    );
  });

  it("goes on with the clock: what is published is drawn", async () => {
    const page = await browser.open(`${stage.url}#last=1m`);
    await drawn(page);
    const span = page.locator("#span");
    const before = await span.innerText();
    expect(before).to.match(/, live$/);
    await page
      .locator("#span", { hasText: before })
      .waitFor({ state: "hidden" });
    await page.keyboard.press("ArrowLeft");
    await page.waitForURL(/#from=/);
    expect(await span.innerText()).not.to.match(/live/);
    await page.keyboard.press("l");
    await page.waitForURL(/#last=1m/);
  });

  it("shows one WAN or all, by keys, and says so in the link", async () => {
    const page = await browser.open(whole());
    await drawn(page);
    await drawn(page, "att");
    await page.keyboard.press("1");
    await page.waitForURL(/&wan=spectrum$/);
    expect(await history(page, "att").count()).to.equal(0);
    await page.keyboard.press("0");
    await drawn(page, "att");
    expect(page.url()).not.to.include("wan=");
  });

  it("says what is wrong with a link, and what the recorder says", async () => {
    const page = await browser.open(`${stage.url}#last=yesterday`);
    await says(
      page,
      "#link-trouble",
      `Cannot read 'last' of the link: must be a duration from 1s to 400d: got "yesterday"`,
    );
    await page.route(/api\/v1\/range/, (route) =>
      route.fulfill({
        status: 503,
        json: { error: "Cannot read the history: disk I/O error" },
      }),
    );
    await page.getByRole("button", { name: "The last 60 s" }).click();
    await says(page, ".wan .trouble", "Cannot read the history: disk I/O");
  });

  for (const scheme of ["light", "dark"] as const)
    it(`fits a phone, ${scheme}: nothing stands out to the right`, async () => {
      for (const hash of ["#last=1m", whole().replace(/.*#/, "#")]) {
        const page = await browser.open(stage.url + hash, {
          viewport: { width: 375, height: 812 },
          colorScheme: scheme,
          hasTouch: true,
        });
        await drawn(page);
        const width = await page.evaluate<number>(
          "document.documentElement.scrollWidth",
        );
        expect(width).to.equal(375);
      }
    });

  it("says which WANs there are where the link names another", async () => {
    const page = await browser.open(`${whole()}&wan=gone&wan=spectrum`);
    await says(
      page,
      "#link-trouble",
      "Unknown WAN 'gone', known here: att, spectrum",
    );
    await drawn(page);
    expect(await history(page, "gone").count()).to.equal(0);
  });

  it("says that nothing is recorded, where nothing is", async () => {
    const before = stage.endMs - 86_400_000;
    const page = await browser.open(link(before - 60_000, before));
    await says(page, ".partial", /^Nothing is recorded in this time range/);
    for (const title of ["RTT", "State", "Download", "Upload"])
      await says(
        page,
        "figcaption",
        new RegExp(`^${title}.*nothing recorded in this time range`),
      );
  });

  it("goes closer at a click on a bad minute, also where few minutes are shown", async () => {
    const from = stage.badMs - 60_000;
    const page = await browser.open(link(from, from + 120_000));
    await drawn(page);
    await says(page, "#worst li", /spectrum/);
    await page.locator("#worst button").first().click();
    await page.waitForURL(/Z&to=/);
    const span = new URLSearchParams(new URL(page.url()).hash.slice(1));
    expect(
      Date.parse(String(span.get("to"))) - Date.parse(String(span.get("from"))),
    ).to.be.at.most(60_000);
  });

  it("stands still for a minute: nothing moves while numbers and reasons change", async function () {
    this.timeout(240_000);
    await stage.publish();
    for (const width of [1280, 390]) {
      const page = await browser.open(`${stage.url}#last=1m`, {
        viewport: { width, height: 900 },
      });
      await drawn(page);
      await page.evaluate(`
        window.moved = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) window.moved += entry.value;
        }).observe({ type: "layout-shift" });
      `);
      let heard = stage.published;
      const end = heard + 20 * (width === 1280 ? 60 : 10);
      while (heard < end) {
        await page.waitForTimeout(200);
        heard = stage.published;
      }
      expect(await page.evaluate<number>("window.moved")).to.be.below(0.05);
    }
  });

  it("has room for a finger on a phone: toolbar first, targets of 24 px", async () => {
    const page = await browser.open(
      link(stage.badMs - 20_000, stage.badMs + 20_000),
      { viewport: { width: 375, height: 812 }, hasTouch: true },
    );
    const mark = history(page, "spectrum").locator(".mark").first();
    await mark.waitFor({ timeout: READY_MS });
    const { width, height } = (await mark.boundingBox())!;
    expect(Math.min(width, height)).to.be.at.least(24);
    const top = async (selector: string) =>
      (await page.locator(selector).boundingBox())!.y;
    expect(await top("#toolbar")).to.be.below(await top("#present"));
  });

  for (const slash of ["", "/"])
    it(`works behind a proxy that serves it as a folder: /wanctl${slash}`, async () => {
      await stage.publish();
      await using proxy = await openProxy("/wanctl", stage.url);
      const page = await browser.open(`${proxy.url}${slash}#last=1m`);
      await drawn(page);
      await says(page, "#health", "Recorder OK");
      // by the stream
      await page.locator(".headline:not(.stale)").first().waitFor();
      expect(new URL(page.url()).pathname).to.equal("/wanctl/");
      // before the slash is added some parts may have been asked for beside it
      if (slash !== "") expect(proxy.others).to.deep.equal([]);
    });

  it("says in head, title and icon that a controller is gone, and that it is back", async () => {
    await stage.publish();
    const page = await browser.open(`${stage.url}#last=1m`);
    await says(page, "#health", /^Recorder OK/);
    expect(await page.title()).to.equal("wanctl");
    const icon = () => page.locator("#icon").getAttribute("href");
    const calm = await icon();
    stage.mute("att");
    await says(page, "#health", /^att: nothing heard for/);
    expect(await page.title()).to.match(/^att: nothing heard for/);
    expect(await icon()).to.not.equal(calm);
    stage.unmute();
    await says(page, "#health", /^Recorder OK/);
  });

  it("says that the recorder is gone, tries again by itself, and goes on", async () => {
    const page = await browser.open(`${stage.url}#last=1m`);
    await drawn(page);
    await stage.stop();
    await says(page, "#trouble", "The recorder does not answer");
    await stage.start();
    await page.locator("#trouble").waitFor({ state: "hidden" });
    await page.locator(".headline:not(.stale)").first().waitFor();
  });
});

describe("The page of a recorder with a token (API-01)", () => {
  const TOKEN = "0123456789abcdef";
  const browser = theBrowser();
  const stage = new Stage();
  before(async () => {
    await stage.open(TOKEN);
    await stage.start();
  });
  after(() => stage.close());

  it("asks for it, says when it is wrong, and for as long as the tab is open not again", async () => {
    const page = await browser.open(stage.url);
    const text = page.getByLabel(/^Token from/);
    await text.fill("something else");
    await text.press("Enter");
    await says(page, "#token-wrong", "Wrong token");
    await text.fill(TOKEN);
    await text.press("Enter");
    await says(page, "#health", "Recorder OK");
    await says(page, "#none", "No controller has been heard");
    await page.reload();
    await says(page, "#health", "Recorder OK");
    expect(await text.isVisible()).to.equal(false);
  });

  it("shows nothing behind the question, and asks the recorder once for each try", async () => {
    const page = await browser.open(stage.url);
    const refused: string[] = [];
    const text = page.getByLabel(/^Token from/);
    await text.waitFor();
    expect(await page.getByText("No controller").isVisible()).to.equal(false);
    expect(await page.locator("#toolbar").isVisible()).to.equal(false);
    page.on("response", (response) => {
      if (response.status() === 401) refused.push(response.url());
    });
    await text.fill("something else");
    await text.press("Enter");
    await says(page, "#token-wrong", "Wrong token");
    expect(refused).to.have.length(1);
    await text.fill(TOKEN);
    await text.press("Enter");
    await says(page, "#health", "Recorder OK");
    expect(refused).to.have.length(1);
  });

  it("works behind a proxy that serves it as a folder", async () => {
    await using proxy = await openProxy("/wanctl", stage.url);
    const page = await browser.open(`${proxy.url}/`);
    await page.getByLabel(/^Token from/).fill(TOKEN);
    await page.keyboard.press("Enter");
    await says(page, "#health", "Recorder OK");
    expect(proxy.others).to.deep.equal([]);
  });

  it("shows the first controller as soon as it is heard", async () => {
    const page = await browser.open(stage.url);
    await page.getByLabel(/^Token from/).fill(TOKEN);
    await page.keyboard.press("Enter");
    await says(page, "#none", "No controller has been heard");
    await stage.publish();
    await page
      .getByRole("region", { name: "att now" })
      .waitFor({ timeout: READY_MS });
    await page.locator("#none").waitFor({ state: "hidden" });
  });
});
