import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Schema } from "convict";
import { loadConfig } from "../../../shared/config/config.js";
import { ConfigError, type Problem } from "../../../shared/config/error.js";
import { like } from "../../../shared/config/format.js";

interface Example {
  wan: string;
  rate: { floor: number; ceiling: number };
  hosts: string[];
  source: string | null;
  fast: boolean;
  password: string;
}

const SCHEMA = {
  wan: {
    format: "text",
    like: like(/^[a-z]+$/, "lower-case letters"),
    default: null,
  },
  rate: {
    floor: { format: "quantity", min: 0.1, max: 100, default: 1 },
    ceiling: { format: "whole", min: 1, max: 1000, default: 10 },
  },
  hosts: { format: "texts", like: like(/^\S+$/, "a word"), default: ["a"] },
  source: { format: "text", nullable: true, default: null },
  fast: { format: "flag", default: false },
  password: { format: "text", sensitive: true, default: "none" },
} as unknown as Schema<Example>;

const order = ({ rate }: Example): Problem[] =>
  rate.floor <= rate.ceiling
    ? []
    : [
        {
          key: "rate.floor",
          rule: `must be at most ceiling (${rate.ceiling})`,
          value: rate.floor,
        },
      ];

describe("loadConfig()", () => {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-config-"));
  after(() => rmSync(folder, { recursive: true }));

  const file = join(folder, "wan.yaml");
  const load = (text: string, env = {}) => {
    writeFileSync(file, text);
    return loadConfig(file, SCHEMA, [order], env);
  };

  it("fills in defaults and reads what is there", () => {
    expect(load("wan: cable\nrate: {floor: 2.5}").values).to.deep.equal({
      wan: "cable",
      rate: { floor: 2.5, ceiling: 10 },
      hosts: ["a"],
      source: null,
      fast: false,
      password: "none",
    });
  });

  it("reads a file with a mark of its encoding, line ends of another system, and merged groups", () => {
    const text =
      "\ufeffwan: cable\r\nrate: &a {floor: 2.5}\r\n<<: {rate: *a, fast: true}\r\n";
    const { values } = load(text);
    expect(values).to.deep.include({ wan: "cable", fast: true });
    expect(values.rate).to.deep.equal({ floor: 2.5, ceiling: 10 });
  });

  it("refuses what is no UTF-8", () => {
    for (const [encoding, text] of [
      ["utf16le", "\ufeffwan: cable"],
      ["utf16le", "wan: cable"],
      ["latin1", "wan: cäble"],
    ] as const) {
      writeFileSync(file, Buffer.from(text, encoding));
      expect(() => loadConfig(file, SCHEMA, [order])).to.throw(
        ConfigError,
        "must be UTF-8 text",
      );
    }
  });

  it("expands ${NAME} and ${NAME:-default} in any string", () => {
    const text =
      "wan: ${LINE}\nrate: {floor: '${FLOOR:-4}'}\nhosts: ['x-${LINE}']\nfast: ${FAST:-true}";
    const { values } = load(text, { LINE: "cable", FLOOR: "" });
    expect(values.wan).to.equal("cable");
    expect(values.rate.floor).to.equal(4);
    expect(values.hosts).to.deep.equal(["x-cable"]);
    expect(values.fast).to.equal(true);
  });

  it("shows the effective configuration without its secrets (DATA-04)", () => {
    const { shown, values } = load("wan: cable\npassword: hunter2");
    expect(values.password).to.equal("hunter2");
    expect(JSON.stringify(shown)).not.to.contain("hunter2");
  });

  for (const [what, text, message] of [
    [
      "an unknown key",
      "wan: a\nrate:\n  flor: 1",
      "Cannot read wan.yaml:3 'rate.flor': unknown key, did you mean 'floor'",
    ],
    [
      "a key nobody could mean",
      "wan: a\nzebra: 1",
      "'zebra': unknown key, known here: wan, rate",
    ],
    [
      "a number with a tail",
      'wan: a\nrate: {ceiling: "12abc"}',
      "wan.yaml:2 'rate.ceiling': must be a number: got \"12abc\"",
    ],
    [
      "a number out of range",
      "wan: a\nrate: {floor: 0}",
      "'rate.floor': must be from 0.1 to 100: got 0",
    ],
    [
      "a fraction",
      "wan: a\nrate: {ceiling: 1.5}",
      "'rate.ceiling': must be a whole number: got 1.5",
    ],
    [
      "not a number at all",
      "wan: a\nrate: {floor: .nan}",
      "'rate.floor': must be a number",
    ],
    [
      "a missing key",
      "rate: {floor: 1}",
      "Cannot read wan.yaml 'wan': is required",
    ],
    [
      "a text that does not match",
      "wan: A",
      "wan.yaml:1 'wan': must be lower-case letters: got \"A\"",
    ],
    [
      "a value in place of a group",
      "wan: a\nrate: 5",
      "wan.yaml:2 'rate': must be a group of keys: floor, ceiling: got 5",
    ],
    [
      "a text in place of a list",
      "wan: a\nhosts: b",
      "wan.yaml:2 'hosts': must be a list: got \"b\"",
    ],
    [
      "a list with a twin",
      "wan: a\nhosts: [b, b]",
      "'hosts': must not have duplicate entries",
    ],
    [
      "a flag that is none",
      "wan: a\nfast: yes please",
      "'fast': must be true or false: got \"yes please\"",
    ],
    [
      "an unset variable",
      "wan: ${NOBODY}",
      "wan.yaml:1 'wan': environment variable NOBODY is not set",
    ],
    [
      "rules between keys",
      "wan: a\nrate: {floor: 20}",
      "wan.yaml:2 'rate.floor': must be at most ceiling (10): got 20",
    ],
    ["bad YAML", "wan: [a", "Cannot read wan.yaml:1"],
    [
      "a key given twice",
      "wan: a\nwan: b",
      "Cannot read wan.yaml:2: Map keys must be unique",
    ],
    ["a list at the top", "- wan", "must be a group of keys"],
    [
      "a group where a value belongs",
      "rate: { floor: { x: { y: 1 } } }",
      'must be a value, not a group of keys: got {"x":{"y":1}}',
    ],
    ["an empty file", "", "'wan': is required"],
    ["an alias of nothing", "wan: *a", "Unresolved alias"],
    ["a merge of no group", "wan: a\n<<: 5", "Merge sources must be maps"],
  ] as const)
    it(`names file, key, rule and value of ${what} (CLI-03)`, () => {
      expect(() => load(text))
        .to.throw(ConfigError)
        .with.property("message")
        .that.contains(message);
    });

  it("reports everything that is wrong at once", () => {
    expect(() => load("wan: A\nrate: {floor: x, ceiling: y}"))
      .to.throw(ConfigError)
      .with.property("problems")
      .with.lengthOf(3);
  });

  it("never shows the value of a secret", () => {
    expect(() => load("wan: a\npassword: [hunter2]"))
      .to.throw(ConfigError)
      .with.property("message")
      .that.does.not.contain("hunter2");
  });

  it("says so when there is no such file", () => {
    expect(() =>
      loadConfig(join(folder, "none.yaml"), SCHEMA, [order]),
    ).to.throw(ConfigError, /none.yaml: no such file/);
  });
});
