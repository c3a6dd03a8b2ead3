import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { ROOT } from "../cli/bin.js";

const PAGES = [
  ...["README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md"],
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** The anchor that a heading has: small letters, hyphens for blanks, no other signs. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const headingsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    anchorOf(heading),
  );

describe("documents", () => {
  for (const page of PAGES)
    it(`${page} links to what is there`, () => {
      const text = readFileSync(join(ROOT, page), "utf8");
      const links = [
        ...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g),
      ];
      for (const [, path = "", anchor] of links) {
        const file = path === "" ? page : join(dirname(page), path);
        expect(existsSync(join(ROOT, file)), file).to.equal(true);
        if (anchor !== undefined)
          expect(
            headingsOf(readFileSync(join(ROOT, file), "utf8")),
            file,
          ).to.include(anchor);
      }
    });

  it("CHANGELOG.md tells of the version that --version says", () => {
    const { version } = JSON.parse(
      readFileSync(join(ROOT, "package.json"), "utf8"),
    ) as { version: string };
    expect(readFileSync(join(ROOT, "CHANGELOG.md"), "utf8")).to.match(
      new RegExp(`^## ${version.replaceAll(".", "\\.")}\\b`, "m"),
    );
  });
});
