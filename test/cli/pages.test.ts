import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { format } from "prettier";
import { CONTROLLER_SCHEMA } from "../../controller/config/schema.js";
import {
  CALM,
  PRESET_NAMES,
  PRESETS,
  RESTLESS,
  TUNING,
} from "../../controller/law/tuning.js";
import { POLICIES } from "../../lab/policies/policies.js";
import { SCENARIOS } from "../../lab/scenarios.js";
import { RECORDER_SCHEMA } from "../../recorder/config.js";
import { routesOf, type ApiSources } from "../../recorder/http/api.js";
import {
  CURRENT,
  CYCLE_COUNTERS,
  CYCLE_HISTOGRAMS,
} from "../../recorder/http/prometheus/cycles.js";
import { OWN } from "../../recorder/http/prometheus/exposition.js";
import { FIGURES } from "../../recorder/http/prometheus/figures.js";
import { keysOf } from "../../shared/config/keys.js";
import { CAUSES } from "../../shared/contract/cause.js";
import { EVENT_ROWS } from "../../shared/contract/event.js";
import { labelText, METRICS } from "../../shared/contract/metrics.js";
import { column, field, ROW_FIELDS } from "../../shared/contract/row.js";
import { ROOT, wanctl } from "./bin.js";

// The parts of docs/ between <!-- generated: WHAT --> and <!-- end --> come from the program. To renew them:
const RENEW = "WANCTL_RENEW_DOCS=1 npx mocha dist/test/cli/pages.test.js";

const code = (text: string): string => `\`${text}\``;

const table = (heads: string[], rows: string[][]): string =>
  [heads, heads.map(() => "---"), ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");

/** Text in a cell, with what Markdown would take for more. */
const cell = (text: string): string => text.replaceAll("|", "\\|");

const keys = (schema: object): string =>
  table(
    ["key", "type", "unit", "default", "rule", "is"],
    keysOf(schema).map(
      ({ key, type, unit, fallback, isRequired, rule, meaning }) => [
        code(key),
        type,
        unit,
        isRequired ? "required" : fallback === null ? "none" : code(fallback),
        cell(rule),
        meaning,
      ],
    ),
  );

/** What a parameter may be, out of its schema. */
function grammar(schema: Record<string, unknown>): string {
  const { type, items, anyOf, title, minimum, maximum } = schema as {
    type?: string;
    items?: Record<string, unknown>;
    anyOf?: { const: string }[];
    title?: string;
    minimum?: number;
    maximum?: number;
  };
  if (type === "array") return `${grammar(items ?? {})}; repeatable`;
  if (type === "integer") return `${minimum} to ${maximum}`;
  return anyOf?.map((choice) => code(choice.const)).join(", ") ?? title ?? "";
}

/** The constants of the law with the comments of their source: "unit: effect". Every one must have one. */
const tuningSource = () =>
  readFileSync(join(ROOT, "controller/law/tuning.ts"), "utf8");

function gains(): string {
  const source = tuningSource();
  const parts = source
    .slice(source.indexOf("export interface Gains"))
    .slice(0, source.indexOf("export interface Preset"))
    .matchAll(/^ {2}\/\*\* ([^]*?)\.? \*\/\n {2}readonly (\w+): number/gm);
  const effects = new Map(
    [...parts].map(([, what = "", name]) => [name, what]),
  );
  return table(
    ["gain", "R = 0", "R = 1", "is"],
    (Object.keys(CALM) as (keyof typeof CALM)[]).map((name) => [
      code(name),
      ...[`${CALM[name]}`, `${RESTLESS[name]}`],
      effects.get(name) ?? expect.fail(name),
    ]),
  );
}

function parameters(): string {
  const source = tuningSource();
  const parts = source
    .slice(source.indexOf("export const TUNING"))
    .matchAll(
      /^ {2}\/\/ (.+)$|^ {2}\/\*\* ([^:]+): ([^]*?) \*\/\n {2}(\w+): /gm,
    );
  const topics: { heading: string; rows: string[][] }[] = [];
  for (const [, heading, unit = "", effect = "", name = ""] of parts) {
    const value = `${TUNING[name as keyof typeof TUNING]}`;
    const row = [code(name), value, unit, effect.replace(/\s+\* /g, " ")];
    if (heading === undefined) topics.at(-1)?.rows.push(row);
    else topics.push({ heading, rows: [] });
  }
  const heads = ["parameter", "value", "unit", "effect"];
  const named = topics.flatMap(({ rows }) => rows.map(([name]) => name));
  expect(named).to.deep.equal(Object.keys(TUNING).map(code));
  return topics
    .map(({ heading, rows }) => `### ${heading}\n\n${table(heads, rows)}`)
    .join("\n\n");
}

// routes say what they are before there is anything to answer from
const ROUTES = routesOf({} as ApiSources);

const families = (
  rows: readonly { name: string; labels: readonly string[]; help: string }[],
  type: string,
): string[][] =>
  rows.map(({ name, labels, help }) => [
    code(name),
    labels.map(code).join(", "),
    type,
    help,
  ]);

const figures = (type: string) =>
  families(
    FIGURES.filter((figure) => figure.type === type),
    type,
  );

const PARTS: Readonly<Record<string, () => string>> = {
  "controller keys": () => keys(CONTROLLER_SCHEMA),
  "recorder keys": () => keys(RECORDER_SCHEMA),
  "cycle fields": () =>
    table(
      ["field", "column", "unit", "is", "null means"],
      ROW_FIELDS.map((name) => {
        const { unit, means, nullMeans } = field(name);
        return [code(name), code(column(name)), unit, means, nullMeans ?? ""];
      }),
    ),
  routes: () =>
    table(
      ["path", "parameters", "is"],
      ROUTES.map(({ path, query, doc }) => [
        code(path),
        Object.keys(query.properties).map(code).join(", "),
        doc,
      ]),
    ),
  parameters: () => {
    const all = ROUTES.flatMap(({ query }) => Object.entries(query.properties));
    const rows = all.map(([name, schema]) => [code(name), grammar(schema)]);
    return table(
      ["parameter", "is"],
      [...new Map(rows.map((row) => [row.join(), row])).values()],
    );
  },
  exposition: () =>
    table(
      ["metric", "labels", "type", "is"],
      [
        ...CURRENT.flatMap((each) => families([each], each.type)),
        ...families(CYCLE_COUNTERS, "counter"),
        ...families(CYCLE_HISTOGRAMS, "histogram"),
        ...families([OWN.events, OWN.requests], "counter"),
        ...families([OWN.commits], "histogram"),
        ...figures("counter"),
        ...figures("gauge"),
      ],
    ),
  presets: () =>
    table(
      ["preset", "target_bloat_ms", "restless at first", "because"],
      PRESET_NAMES.map((name) => {
        const { targetMs, restless, reason } = PRESETS[name];
        return [code(name), `${targetMs}`, `${restless}`, reason];
      }),
    ),
  gains: () => gains(),
  "law parameters": () => parameters(),
  causes: () =>
    table(
      ["code", "name", "in words"],
      CAUSES.map(({ name, words }, i) => [
        `${i}`,
        code(name),
        words({
          time: "… ms",
          load: ", load … %",
          votes: ", … of … samples",
          carried: ", line carried … Mbit/s",
        }),
      ]),
    ),
  "lab scenarios": () =>
    table(
      ["scenario", "line", "full", "seconds", "rates by"],
      SCENARIOS.map(({ id, title, loaded, seconds, actuator }) => [
        code(id),
        title,
        loaded.join(", ") || "none",
        `${seconds}`,
        actuator,
      ]),
    ),
  "lab policies": () =>
    table(
      ["policy", "is"],
      POLICIES.map(({ name, title }) => [code(name), title]),
    ),
  events: () =>
    table(
      ["event", "severity", "ends", "means"],
      EVENT_ROWS.map(({ name, severity, ends, text }) => [
        code(name),
        severity,
        ends === null ? "" : code(ends),
        text,
      ]),
    ),
  metrics: () =>
    table(
      ["metric", "labels", "unit", "is"],
      METRICS.map(({ name, unit, help, labels, from }) => [
        code(name),
        from.kind === "counter"
          ? Object.keys(from.labels).join(", ")
          : (labelText(labels) ?? ""),
        unit,
        help,
      ]),
    ),
};

async function part(what: string): Promise<string> {
  if (what.startsWith("wanctl "))
    return `\`\`\`\n${(await wanctl(...what.split(" ").slice(1))).out.trim()}\n\`\`\``;
  const make = PARTS[what];
  if (make === undefined) throw new Error(`no such part: ${what}`);
  return (await format(make(), { parser: "markdown" })).trim();
}

const PART = /<!-- generated: (.*) -->\n[^]*?<!-- end -->/g;

async function renewed(page: string): Promise<string> {
  const parts = new Map<string, string>();
  for (const [, what = ""] of page.matchAll(PART))
    parts.set(what, await part(what));
  return page.replace(
    PART,
    (_, what: string) =>
      `<!-- generated: ${what} -->\n\n${parts.get(what) ?? ""}\n\n<!-- end -->`,
  );
}

describe("docs/", () => {
  const folder = join(ROOT, "docs");
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" });
  for (const name of pages.filter((n) => n.endsWith(".md")))
    it(`${name} says what the program says`, async () => {
      const file = join(folder, name);
      const page = readFileSync(file, "utf8");
      const fresh = await renewed(page);
      if (process.env["WANCTL_RENEW_DOCS"] !== undefined)
        writeFileSync(file, fresh);
      else expect(page, `out of date: renew with ${RENEW}`).to.equal(fresh);
    });

  it("internals/law.md explains every cause", () => {
    const page = readFileSync(join(folder, "internals/law.md"), "utf8");
    const part = page.slice(page.indexOf("## Causes")).split("\n## ")[0];
    const names = [...(part ?? "").matchAll(/^\| `(\w+)`/gm)].map(([, n]) => n);
    expect(names).to.deep.equal(CAUSES.map(({ name }) => name));
  });
});
