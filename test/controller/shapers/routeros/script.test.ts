import { expect } from "chai";
import fc from "fast-check";
import {
  isNoList,
  listScript,
  parseItems,
  parseSet,
  setScript,
  singleScript,
} from "../../../../controller/shapers/routeros/script.js";
import type { Item } from "../../../../controller/shapers/routeros/session.js";
import type { Outcome } from "../../../../controller/shapers/shaper.js";
import { type Cli, openCli } from "../../../fakes/routeros-cli.js";

const bytes = (text: string) => Buffer.from(text).toString("latin1");

const valueOf = <T>(outcome: Outcome<T>): T => {
  if (outcome.kind === "failed") throw new Error(outcome.why);
  return outcome.value;
};

/** Any text, with much of what has a meaning somewhere. */
const anyText = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.string({
          unit: fc.constantFrom(...Array.from('"\\$;[](){}=?\n\t#/:.*é☃')),
          minLength: 1,
          maxLength: 1,
        }),
      },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          "$i",
          '"; ',
          "\\24",
          "}",
          "[/",
          '\\"',
          "end",
        ),
      },
      { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 3 }) },
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""))
  // a line end of its own kind is what the transport makes of any
  .filter((text) => !text.includes("\r"));

function cliWith(values: readonly string[]): Cli {
  const cli = openCli();
  cli.menus.set(
    "queue/tree",
    new Map(
      values.map((value, i) => [
        `*${(i + 1).toString(16).toUpperCase()}`,
        new Map([
          ["name", bytes(value)],
          ["max-limit", "1000"],
        ]),
      ]),
    ),
  );
  return cli;
}

const ask = (cli: Cli, script: Outcome<string>): string =>
  cli.execute(bytes(valueOf(script)));

describe("a script for RouterOS", () => {
  it("lists every item just as it is", () =>
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 5 }), (names) => {
        const cli = cliWith(names);
        const items = valueOf(
          parseItems(ask(cli, listScript("queue/tree", {}))),
        );
        expect(items.map((item) => item["name"])).to.deep.equal(names);
        for (const item of items)
          expect(item)
            .to.include({ "max-limit": "1000" })
            .and.have.property(".id");
      }),
      { numRuns: 500 },
    ));

  it("finds by any value just those that have it: no value breaks out", () =>
    fc.assert(
      fc.property(
        fc.array(anyText, { maxLength: 4 }),
        anyText,
        (names, name) => {
          const cli = cliWith([...names, name]);
          const items = valueOf(
            parseItems(
              ask(cli, listScript("queue/tree", { name, "max-limit": "1000" })),
            ),
          );
          expect(items.map((item) => item["name"])).to.deep.equal(
            [...names, name].filter((other) => other === name),
          );
        },
      ),
      { numRuns: 1000 },
    ));

  it("sets any value, and nothing else: no value breaks out", () =>
    fc.assert(
      fc.property(anyText, fc.constantFrom("*1", "*2", "*3"), (value, id) => {
        const cli = cliWith(["a", "b", "c"]);
        const before = cliWith(["a", "b", "c"]).menus.get("queue/tree")!;
        const answer = ask(cli, setScript("queue/tree", id, { name: value }));
        expect(parseSet(answer)).to.deep.equal({
          kind: "done",
          value: undefined,
        });
        before.get(id)!.set("name", bytes(value));
        expect(cli.menus.get("queue/tree")).to.deep.equal(before);
      }),
      { numRuns: 1000 },
    ));

  it("takes no name, menu or id that is none", () =>
    fc.assert(
      fc.property(
        anyText.filter((text) => !/^\.?[a-z0-9-]*(\/[a-z0-9-]+)*$/.test(text)),
        (text) => {
          for (const script of [
            listScript(text, {}),
            listScript(`queue/${text}`, {}),
            listScript("queue/tree", { [text]: "x" }),
            singleScript(text),
            setScript("queue/tree", text, {}),
            setScript("queue/tree", "*1", { [text]: "x" }),
          ])
            expect(script).to.include({ kind: "failed", fault: "refused" });
        },
      ),
    ));

  it("reads a menu that is one item", () => {
    const cli = openCli();
    cli.singles.set("system/resource", new Map([["uptime", "1d02:03:04"]]));
    const list = parseItems(ask(cli, listScript("system/resource", {})));
    expect(isNoList(list)).to.be.true;
    expect(parseItems(ask(cli, singleScript("system/resource")))).to.deep.equal(
      { kind: "done", value: [{ uptime: "1d02:03:04" }] },
    );
  });

  for (const [said, fault] of [
    ["no such item (4)\r\n", "not_found"],
    ["not enough permissions (9)\r\n", "unauthorized"],
    [
      "action timed out - try again, if error continues contact MikroTik support and send a supout file (13)\r\n",
      "busy",
    ],
    ["interrupted\r\n", "busy"],
    ["input does not match any value of queue\r\n", "refused"],
    ["syntax error (line 1 column 7)\r\n", "refused"],
    ["", "refused"],
  ] as const)
    it(`takes "${said.trim()}" for ${fault}`, () => {
      for (const outcome of [parseItems(said), parseSet(said)])
        expect(outcome).to.include({ kind: "failed", fault });
    });

  it("believes no answer that breaks off, or is none", () =>
    fc.assert(
      fc.property(
        fc.array(anyText, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        (names, at) => {
          const whole = ask(cliWith(names), listScript("queue/tree", {}));
          const cut = whole.slice(0, at % (whole.length - 1));
          expect(parseItems(cut)).to.include({ kind: "failed" });
          const noise = fc.sample(fc.string(), 3).join("");
          expect(parseItems(noise)).to.include({ kind: "failed" });
        },
      ),
    ));

  it("believes no length that is not the value's", () =>
    fc.assert(
      fc.property(anyText, fc.constantFrom(-1, 1, 2), (name, by) => {
        const answer = ask(cliWith([name]), listScript("queue/tree", {}));
        const wrong = answer.replace(
          /name (\d+)/,
          (_, length) => `name ${Math.max(0, Number(length) + by)}`,
        );
        fc.pre(wrong !== answer);
        expect(parseItems(wrong)).to.include({ kind: "failed" });
      }),
    ));

  it("reads text beyond ASCII as it was written", () => {
    const item: Item = { name: "Büro – ☃" };
    const cli = cliWith([item["name"]!]);
    const [found] = valueOf(
      parseItems(ask(cli, listScript("queue/tree", item))),
    );
    expect(found).to.include(item);
  });
});
