/**
 * RouterOS's command line on a little state: as much of its language as people use who read and set things over SSH. All
 * text is bytes, as latin1. Written from the language's description, not from what we say in it.
 */
export interface Cli {
  /** Executes a script; what it prints. */
  execute(script: string): string;
  /** Menus that are lists, and those that are one item. */
  readonly menus: Map<string, Map<string, Map<string, string>>>;
  readonly singles: Map<string, Map<string, string>>;
}

type Value = string | number | boolean | string[] | Map<string, string>;

class Complaint extends Error {}

export function openCli(
  menus: Cli["menus"] = new Map(),
  singles: Cli["singles"] = new Map(),
): Cli {
  return {
    menus,
    singles,
    execute(script) {
      const printed: string[] = [];
      try {
        new Interpreter(script, { menus, singles }, printed).run();
      } catch (error) {
        if (!(error instanceof Complaint)) throw error;
        printed.push(error.message);
      }
      return printed.map((line) => `${line}\r\n`).join("");
    },
  };
}

/** Reads and executes at once: a block that is not to be executed is read with `live` off. */
class Interpreter {
  private at = 0;
  private live = true;
  private readonly variables = new Map<string, Value>();
  private readonly script: string;
  private readonly menus: Cli["menus"];
  private readonly singles: Cli["singles"];
  private readonly printed: string[];

  constructor(
    script: string,
    { menus, singles }: Pick<Cli, "menus" | "singles">,
    printed: string[],
  ) {
    this.script = script;
    this.menus = menus;
    this.singles = singles;
    this.printed = printed;
  }

  run(): void {
    this.statements();
    if (this.at < this.script.length) this.fail("syntax error");
  }

  private fail(what: string): never {
    throw new Complaint(`${what} (line 1 column ${this.at + 1})`);
  }

  private take(pattern: RegExp): string | null {
    const sticky = new RegExp(pattern, "y");
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.script)?.[0] ?? null;
    this.at += found?.length ?? 0;
    return found;
  }

  private demand(pattern: RegExp): string {
    return this.take(pattern) ?? this.fail("syntax error");
  }

  private statements(): void {
    do {
      this.take(/\s+/);
      this.statement();
      this.take(/\s+/);
    } while (this.take(/;/) !== null);
  }

  private statement(): void {
    const command = this.take(/:[a-z]+ /);
    if (command === null) {
      if (/^[/]/.test(this.script.slice(this.at))) this.setting();
      else if (!/^$|^}/.test(this.script.slice(this.at)))
        this.fail("bad command name");
    } else if (command === ":put ") {
      const value = this.operand();
      if (this.live) this.printed.push(textOf(value));
    } else if (command === ":local ") {
      const name = this.demand(/\w+ /).trim();
      this.variables.set(name, this.operand());
    } else if (command === ":if ") {
      const holds = this.operand() === true;
      this.demand(/ do=/);
      this.block(holds);
    } else if (command === ":foreach ") this.foreach();
    else this.fail(`bad command name ${command.trim()}`);
  }

  private foreach(): void {
    const [first = "", second] = this.demand(/\w+(,\w+)? /)
      .trim()
      .split(",");
    this.demand(/in=/);
    const over = this.operand();
    this.demand(/ do=/);
    const body = this.at;
    const rounds = roundsOf(this.live ? over : []);
    if (rounds.length === 0) this.block(false);
    for (const [key, value] of rounds) {
      this.at = body;
      this.variables.set(second === undefined ? first : second, value);
      if (second !== undefined) this.variables.set(first, key);
      this.block(true);
    }
  }

  private block(execute: boolean): void {
    const before = this.live;
    this.live = before && execute;
    this.demand(/\{/);
    this.statements();
    this.demand(/\}/);
    this.live = before;
  }

  /** `/queue/tree/set *1 name="value" other=value` */
  private setting(): void {
    const path = this.demand(/\/[a-z0-9/-]+/);
    if (!path.endsWith("/set")) this.fail(`bad command name ${path}`);
    const items = this.menus.get(path.slice(1, -"/set".length));
    if (items === undefined) this.fail(`bad command name ${path}`);
    const id = this.demand(/ \*[0-9A-F]+/).trim();
    const changes: [string, string][] = [];
    for (;;) {
      const name = this.take(/ [.a-z0-9-]+=/);
      if (name === null) break;
      changes.push([name.slice(1, -1), textOf(this.operand())]);
    }
    if (!this.live) return;
    const item = items.get(id);
    if (item === undefined) throw new Complaint("no such item (4)");
    for (const [name] of changes)
      if (!item.has(name)) throw new Complaint(`bad parameter ${name}`);
    for (const [name, value] of changes) item.set(name, value);
  }

  private operand(): Value {
    const start = this.script[this.at];
    if (start === '"') return this.literal();
    if (start === "$") {
      const name = this.demand(/\$\w+/).slice(1);
      return this.variables.get(name) ?? "";
    }
    if (start === "(") return this.expression();
    if (start === "[") return this.substitution();
    return this.demand(/[A-Za-z0-9._*-]+/);
  }

  private literal(): string {
    this.demand(/"/);
    let text = "";
    for (;;) {
      const plain = this.take(/[^"\\$]+/);
      if (plain !== null) text += plain;
      else if (this.take(/"/) !== null) return text;
      else if (this.take(/\\/) !== null) text += this.escape();
      else text += textOf(this.operand()); // a variable within a string
    }
  }

  private escape(): string {
    const hex = this.take(/[0-9A-F]{2}/);
    if (hex !== null) return String.fromCharCode(parseInt(hex, 16));
    const sign = this.demand(/["\\$?nrtabfv_]/);
    return (
      {
        n: "\n",
        r: "\r",
        t: "\t",
        a: "\x07",
        b: "\b",
        f: "\f",
        v: "\v",
        _: " ",
      }[sign] ?? sign
    );
  }

  private expression(): Value {
    this.demand(/\(/);
    let value = this.operand();
    for (;;) {
      this.take(/ +/);
      const operator = this.take(/->|&&|=|\./);
      if (operator === null) break;
      this.take(/ +/);
      const right = this.operand();
      if (operator === "->")
        value = value instanceof Map ? (value.get(textOf(right)) ?? "") : "";
      else if (operator === "&&") value = value === true && right === true;
      else if (operator === "=") value = value === right;
      else value = textOf(value) + textOf(right);
    }
    this.demand(/\)/);
    return value;
  }

  private substitution(): Value {
    this.demand(/\[/);
    const value = this.called(this.demand(/:[a-z]+|\/[a-z0-9/-]+/));
    this.demand(/\]/);
    return value;
  }

  private called(command: string): Value {
    const argument = this.take(/ /) === null ? undefined : this.operand();
    if (command === ":tostr") return textOf(argument ?? "");
    if (command === ":len") return textOf(argument ?? "").length;
    const [, menu = "", verb] = /^\/(.*)\/(\w+)$/.exec(command) ?? [];
    const items = this.menus.get(menu);
    if (verb === "find" && items !== undefined) return [...items.keys()];
    const single = this.singles.get(menu);
    if (verb === "get" && single !== undefined) return new Map(single);
    if (verb === "get" && items !== undefined) {
      const id = textOf(argument ?? "");
      if (!this.live) return "";
      const item = items.get(id);
      if (item === undefined) throw new Complaint("no such item");
      return new Map([[".id", id], ...item]);
    }
    return this.fail(`bad command name ${verb ?? command}`);
  }
}

const textOf = (value: Value): string =>
  value instanceof Map
    ? [...value].map(([key, text]) => `${key}=${text}`).join(";")
    : Array.isArray(value)
      ? value.join(";")
      : String(value);

/** The keys and values that `:foreach` goes through. */
const roundsOf = (over: Value): (readonly [string, string])[] =>
  over instanceof Map
    ? [...over]
    : Array.isArray(over)
      ? over.map((value, i) => [`${i}`, value])
      : [["0", textOf(over)]];
