import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

/** Who may import whom, which files are pure, and that the cycle never waits (ARCHITECTURE.md). */

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

/** On the ground floor `shared`; on it the processes, side by side; above them the lab, and the command line. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  shared: ["shared"],
  controller: ["shared", "controller"],
  recorder: ["shared", "recorder"],
  lab: ["shared", "controller", "lab"],
  page: ["shared", "page"],
  cli: ["shared", "controller", "recorder", "lab", "cli"],
};

/** Tests see everything but benches; benches see what tests share, and no test. */
const PRODUCT = Object.keys(MAY_IMPORT);
const MAY_SEE: Readonly<Record<string, readonly string[]>> = {
  test: [...PRODUCT, "test"],
  bench: [...PRODUCT, "test", "bench"],
};

/** Of the controller the lab takes what is pure: the law, the simulated line, the pace of writes. */
const FOR_LAB =
  /^(shared|lab|controller\/(law|simulation))\/|^controller\/shapers\/(\w+\/)?pace\.ts$/;

/** Within a process the core knows nothing of its shell. */
const PURE = [
  /^controller\/law\//,
  /^controller\/simulation\//,
  /^controller\/(condition\/classification|line\/idle)\.ts$/,
  /^controller\/probes\/(icmp\/packet|outstanding|reflectors)\.ts$/,
  /^controller\/(qdisc\/(answer|cake|findings|parse|plan)|shapers\/tc\/qdisc)\.ts$/,
  /^controller\/shapers\/(pace|shaper|tc\/pace|routeros\/(pace|script|session))\.ts$/,
  /^(shared\/(contract\/groups|bus\/ring)|recorder\/(http\/present|ingest\/ring-availability))\.ts$/,
  /^recorder\/tiers\//,
  /^recorder\/import\/old-row\.ts$/,
  /^lab\/(?!worker)/,
  /^page\/(data\/(follow|span|sse|wan-data)|text\/(summaries|words))\.ts$/,
  /^shared\/runtime\/(backoff|token-bucket)\.ts$/,
  /^shared\/contract\/(cause|direction|event|metrics|msgpack|router-call|row|state|tier|units)\.ts$/,
];

/** Names of shaper backends and probe kinds, as text. */
const DRIVER_NAMES = /"(tc|routeros|simulated|icmp|fping|tcp)"/;

/** Where they may stand: the drivers and their tables, and what is about one of them and no other. */
const MAY_NAME_DRIVERS = [
  /^controller\/(shapers|probes)\/(tc|routeros|simulated|icmp|fping|tcp|backends\.ts$|kinds\.ts$)/,
  // the label of a published metric
  /^shared\/contract\/router-call\.ts$/,
  // runs the program of that name, whatever the controller pings with
  /^cli\/check\/probes\.ts$/,
  // has models of two of them, and must not load the real ones
  /^lab\/(actuator|scenario|scenarios)\.ts$/,
];

/** The only places that read the clocks: of this host, and of the browser. */
const CLOCKS = ["shared/runtime/clock.ts", "page/data/clock.ts"];

const filesIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));

const files = PRODUCT.flatMap(filesIn);

const textOf = (file: string) => readFileSync(join(ROOT, file), "utf8");
const codeOf = (file: string) =>
  textOf(file).replace(/\/\*[^]*?\*\/|\/\/.*$/gm, "");

/** What a file imports: project files by their path, packages by name. */
const importsOf = (file: string, of: RegExp) =>
  [...codeOf(file).matchAll(of)].map(([, name = ""]) =>
    name.startsWith(".")
      ? sourceOf(relative(ROOT, resolve(ROOT, dirname(file), name)))
      : name,
  );

/** The chart library is declared beside the page's own modules, for there it is served. */
const sourceOf = (path: string) =>
  path.replace(/\.js$/, path === "page/charts/uplot.js" ? ".d.ts" : ".ts");

const ANY = /(?:from|import\(|import) ?"([^"]+)"/g;
const VALUES = /(?:^import (?!type )[^;]*?from |^import )"([^"]+)"/gm;

const isProject = (name: string) => name.endsWith(".ts");

describe("the tree", () => {
  it("has files to look at", () => {
    expect(files.length).to.be.above(40);
  });

  for (const file of files) {
    const [folder = ""] = file.split("/");
    it(`${file} imports nothing from above or beside`, () => {
      for (const name of importsOf(file, ANY).filter(isProject))
        expect(MAY_IMPORT[folder], name).to.include(name.split("/")[0]);
    });
  }

  for (const folder of ["test", "bench"])
    for (const file of filesIn(folder))
      it(`${file} imports no ${folder === "test" ? "bench" : "test"}`, () => {
        for (const name of importsOf(file, ANY).filter(isProject)) {
          expect(MAY_SEE[folder], name).to.include(name.split("/")[0]);
          if (folder === "bench") expect(name).not.to.match(/\.test\.ts$/);
        }
      });

  for (const file of files.filter((name) => name.startsWith("lab/")))
    it(`${file} takes of the controller what is pure`, () => {
      for (const name of importsOf(file, ANY).filter(isProject))
        expect(name).to.match(FOR_LAB);
    });

  for (const file of files.filter((name) =>
    PURE.some((pure) => pure.test(name)),
  ))
    it(`${file} is pure`, () => {
      expect(codeOf(file)).not.to.match(
        /Date\.now|performance\.|process\.|Math\.random|\basync\b|\bawait\b|new Date|setTimeout|console\./,
      );
      for (const name of importsOf(file, VALUES)) {
        expect(isProject(name), `${name} is a file of the project`).to.be.true;
        expect(
          [...PURE, /^shared\/runtime\/clock\.ts$/].some((pure) =>
            pure.test(name),
          ),
          `${name} is pure too`,
        ).to.be.true;
      }
    });

  for (const file of files.filter((name) => !CLOCKS.includes(name)))
    it(`${file} takes the time from ${CLOCKS.join(" or ")}`, () => {
      expect(codeOf(file)).not.to.match(
        /Date\.now|performance\.(now|timeOrigin)|process\.hrtime/,
      );
    });

  // config.ts names keys by tier, newest-rows answers in the old program's, import/ reads its
  for (const file of files.filter((name) =>
    /^recorder\/(?!tiers\/tier|config|query\/newest-rows|import\/)/.test(name),
  ))
    it(`${file} tells no rolled tier from another`, () =>
      expect(codeOf(file)).not.to.match(/"(1m|5m|1h)"/));

  for (const file of files.filter(
    (name) => !MAY_NAME_DRIVERS.some((may) => may.test(name)),
  ))
    it(`${file} names no shaper backend and no probe kind`, () => {
      expect(codeOf(file)).not.to.match(DRIVER_NAMES);
    });

  it("controller/cycle.ts never waits (CTRL-01)", () => {
    expect(codeOf("controller/cycle.ts")).not.to.match(
      /\bawait\b|\basync\b|Promise|\.then\(/,
    );
  });

  it("imports run in no circle, those of types included", () => {
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]) => {
      expect(path, `a circle: ${[...path, file].join(" -> ")}`).not.to.include(
        file,
      );
      if (done.has(file)) return;
      for (const name of importsOf(file, ANY).filter(isProject))
        visit(name, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
  });

  it("has no file over 600 lines", () => {
    for (const file of files)
      expect(textOf(file).split("\n").length, file).to.be.at.most(601);
  });
});
