import { existsSync } from "node:fs";
import { expect } from "chai";
import {
  chromium,
  type BrowserContextOptions,
  type Page,
} from "playwright-core";

/** Where a distribution puts it. */
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

export const chromiumPath = (): string | null =>
  PLACES.find((path) => existsSync(path)) ?? null;

export interface Browser {
  /** A tab with nothing kept from any other. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>;
}

/** One for all tests of a suite. Whatever a tab complains of, or asks of anybody else, fails its test. */
export function theBrowser(): Browser {
  let browser: Awaited<ReturnType<typeof chromium.launch>>;
  let complaints: string[] = [];
  before(async () => {
    browser = await chromium.launch({
      executablePath: String(chromiumPath()),
      args: ["--no-sandbox"],
    });
  });
  after(() => browser.close());
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    const heard = complaints;
    complaints = [];
    expect(heard).to.deep.equal([]);
  });
  return {
    async open(url, options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        ...options,
      });
      const page = await context.newPage();
      const { origin } = new URL(url);
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        // a status that is not 2xx is told by the browser, and by the page
        if (
          message.type() === "error" &&
          !/^Failed to load/.test(message.text())
        )
          complaints.push(message.text());
      });
      page.on("request", (request) => {
        if (!request.url().startsWith(origin) && !/^data:/.test(request.url()))
          complaints.push(`asked ${request.url()}`);
      });
      await page.goto(url);
      return page;
    },
  };
}
