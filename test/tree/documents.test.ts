import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { ROOT } from "../cli/bin.js";

const PAGES = [
  ...["README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md"],
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
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

const REQUIREMENTS = "docs/requirements.md";
const ID = /\b[A-Z]{3,5}-\d{2}\b/g;

/** Sources and documents: all that may name a requirement. */
const named = (): Set<string> => {
  const folders = readdirSync(ROOT, { withFileTypes: true }).filter(
    (entry) =>
      entry.isDirectory() &&
      !["dist", "node_modules", "coverage"].includes(entry.name) &&
      !entry.name.startsWith("."),
  );
  const sources = folders.flatMap(({ name }) =>
    readdirSync(join(ROOT, name), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(ts|md|ya?ml|service)$/.test(file))
      .map((file) => join(name, file)),
  );
  return new Set(
    [...PAGES, ...sources]
      .filter((file) => file !== REQUIREMENTS)
      .flatMap(
        (file) => readFileSync(join(ROOT, file), "utf8").match(ID) ?? [],
      ),
  );
};

describe("documents", () => {
  it("define every requirement that is named, and name every one defined", () => {
    const text = readFileSync(join(ROOT, REQUIREMENTS), "utf8");
    const defined = [...text.matchAll(/^\| (\w+-\d{2}) +\|/gm)].map(
      ([, id]) => id,
    );
    expect(defined).to.have.members([...named()]);
  });

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
