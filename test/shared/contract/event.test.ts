import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { openEventList } from "../../../cli/history/event-lines.js";
import { severity } from "../../../page/text/words.js";
import {
  EVENT_ROWS,
  eventRow,
  factsInWords,
  levelOf,
} from "../../../shared/contract/event.js";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../../..");

/** Every text in quotes that controllers and recorder have: names that are passed on as values are among them. */
const sources = ["controller", "recorder"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(ROOT, folder, name), "utf8")),
);
const quoted = new Set(
  sources.flatMap((text) =>
    [...text.matchAll(/"([a-z]+(?:_[a-z]+)*)"/g)].map(([, word = ""]) => word),
  ),
);
const emitted = new Set(
  sources.flatMap((text) =>
    [...text.matchAll(/\b(?:report|note)\(\s*"([a-z_]+)"/g)].map(
      ([, name = ""]) => name,
    ),
  ),
);

describe("the table of events", () => {
  for (const name of emitted)
    it(`has a row for ${name}, which is emitted`, () =>
      expect(eventRow(name)).to.not.equal(null));

  it("has each name once", () => {
    const names = EVENT_ROWS.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
  });

  for (const { name, severity, ends, text } of EVENT_ROWS)
    it(`has nothing that is never emitted, and good news only of troubles: ${name}`, () => {
      // the end of a trouble is reported by the name of the trouble
      expect(quoted.has(name) || quoted.has(ends ?? name)).to.be.true;
      expect(text).to.match(/^[a-z].*[a-z]$/);
      expect(severity === "good").to.equal(ends !== null);
      if (ends !== null)
        expect(eventRow(ends)?.severity).to.be.oneOf(["warning", "critical"]);
    });

  const LOOKS = {
    good: { level: "info", tone: "", code: 0 },
    info: { level: "info", tone: "", code: -1 },
    warning: { level: "warn", tone: "YELLOW", code: 1 },
    critical: { level: "error", tone: "RED", code: 3 },
  } as const;
  for (const row of EVENT_ROWS)
    it(`decides level and colours of ${row.name}: ${row.severity}`, () => {
      const { level, tone, code } = LOOKS[row.severity];
      const event = {
        ...{ at: 0, wan: "cable", boot: "0123456789abcdef", seq: 1 },
        ...{ kind: row.name, details: {} },
      };
      expect(levelOf(row.name)).to.equal(level);
      expect(severity(event)).to.equal(code);
      const tones = new Set<string>();
      const paint = (tone: string, line: string) => {
        if (tone !== "title") tones.add(tone);
        return line;
      };
      openEventList({ columns: 80, paint }).lines([event]);
      expect([...tones].join()).to.equal(tone);
    });
});

describe("the details of an event", () => {
  it("are spelled in snake_case by every process", () => {
    const reports =
      /(?:report|note)\(\s*(?:endOf\([^)]*\)|"[a-z_]+"),\s*(\{[^;]*\}),?\s*\);/g;
    const details = sources.flatMap((text) =>
      [...text.matchAll(reports)].map(([, detail = ""]) => detail),
    );
    expect(details.length).to.be.above(20);
    for (const detail of details) {
      const keys = detail.matchAll(/[{,]\s*(?:\.\.\.\{\s*)?(\w+)\s*(?=[:,}])/g);
      for (const [, key] of keys) expect(key, detail).to.match(/^[a-z_]+$/);
    }
  });
});

describe("numbers in the details of an event", () => {
  const words = (key: string, value: number) =>
    factsInWords("x", { [key]: value }, (at) => `<${at}>`);
  const YEAR = 365 * 86_400_000;
  for (const key of ["lasted_ms", "step_ms", "forMs", "heldMs", "lost_ms"])
    for (const value of [1, 3 * YEAR, 4 * YEAR, 70 * YEAR, -70 * YEAR])
      it(`are a span whatever their size: ${key} ${value}`, () =>
        expect(words(key, value)).to.not.include("<"));
  for (const key of ["began_ms", "ended_ms", "fromMs", "toMs", "last_at_ms"])
    for (const value of [0, 1_000, 1.7e12])
      it(`are an instant whatever their size: ${key} ${value}`, () =>
        expect(words(key, value)).to.include(`<${value}>`));
});
