import type { FaultKind } from "../../../shared/contract/router-call.js";
import { done, failed, type Outcome } from "../shaper.js";
import type { Item } from "./session.js";

/**
 * Scripts for RouterOS, and parsing of their output. Only features of every RouterOS 7: `get` without a property
 * returns all of them, including flags and counters, which `print` does only from 7.20; `:serialize` came with 7.13.
 */

const MENU = /^[a-z0-9]+(-[a-z0-9]+)*(\/[a-z0-9]+(-[a-z0-9]+)*)*$/;
const PROPERTY = /^\.?[a-z0-9]+(-[a-z0-9]+)*$/;
const ID = /^\*[0-9A-F]+$/;

/** Printed last: missing if the script was aborted. */
const END = "wanctl-end";

const PLAIN = /^[A-Za-z0-9 ._:/,*@+-]$/;
const ESCAPED = ['"', "\\", "$"];

/**
 * A string literal. Quotes, backslashes and dollar signs are escaped with a backslash; characters without special
 * meaning are kept; all other bytes are written as `\XX`.
 */
const quoted = (text: string): string =>
  `"${Array.from(text, letter).join("")}"`;

function letter(char: string): string {
  if (PLAIN.test(char)) return char;
  if (ESCAPED.includes(char)) return `\\${char}`;
  return Array.from(
    Buffer.from(char),
    (byte) => `\\${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  ).join("");
}

/** Prints each item with these values; compares them as text, so that numbers and flags match too. */
export function listScript(
  menu: string,
  where: Readonly<Record<string, string>>,
): Outcome<string> {
  const conditions = Object.entries(where).map(
    ([name, value]) => `([:tostr ($item->${quoted(name)})]=${quoted(value)})`,
  );
  const print = `${PRINT}; :put "."`;
  const act =
    conditions.length === 0
      ? print
      : `:if (${conditions.join("&&")}) do={${print}}`;
  return named(
    menu,
    Object.keys(where),
    `:foreach i in=[/${menu}/find] do={:local item [/${menu}/get $i]; ${act}}; :put "${END}"`,
  );
}

/** Prints the single item of a menu without a list, such as `system/resource`. */
export const singleScript = (menu: string): Outcome<string> =>
  named(
    menu,
    [],
    `:local item [/${menu}/get]; ${PRINT}; :put "."; :put "${END}"`,
  );

/** One property per line: name, length of the value in bytes, value. */
const PRINT =
  ':foreach k,v in=$item do={:local t [:tostr $v]; :put ($k . " " . [:len $t] . " " . $t)}';

/** Changes one item. */
export function setScript(
  menu: string,
  id: string,
  values: Item,
): Outcome<string> {
  if (!ID.test(id)) return unspeakable("an id", id);
  const words = Object.entries(values).map(
    ([name, value]) => ` ${name}=${quoted(value)}`,
  );
  return named(
    menu,
    Object.keys(values),
    `/${menu}/set ${id}${words.join("")}; :put "${END}"`,
  );
}

/** Checks names that go into a script unquoted. */
function named(
  menu: string,
  properties: readonly string[],
  script: string,
): Outcome<string> {
  if (!MENU.test(menu)) return unspeakable("a menu", menu);
  const odd = properties.find((name) => !PROPERTY.test(name));
  return odd === undefined ? done(script) : unspeakable("a property", odd);
}

const unspeakable = (what: string, text: string): Outcome<never> =>
  failed(
    "refused",
    `Cannot use ${JSON.stringify(text)} in a script: must be ${what}`,
  );

/** The items printed by {@link listScript} or {@link singleScript}; the output is decoded as latin1. */
export function parseItems(answer: string): Outcome<readonly Item[]> {
  const text = answer.replaceAll("\r\n", "\n");
  const items: Item[] = [];
  let item: Record<string, string> = {};
  for (let at = 0; ;) {
    if (text.startsWith(".\n", at)) {
      items.push(item);
      item = {};
      at += 2;
      continue;
    }
    if (text.slice(at) === `${END}\n`) return done(items);
    LINE.lastIndex = at;
    const [head, name = "", length = ""] = LINE.exec(text) ?? [];
    const from = at + (head?.length ?? 0);
    const to = from + Number(length);
    if (head === undefined || text[to] !== "\n") return said(text.slice(at));
    item[name] = Buffer.from(text.slice(from, to), "latin1").toString("utf8");
    at = to + 1;
  }
}

const LINE = /(\.?[a-z0-9]+(?:-[a-z0-9]+)*) (\d{1,6}) /y;

/** The result of {@link setScript}. */
export const parseSet = (answer: string): Outcome<void> =>
  answer.trim() === END ? done(undefined) : said(answer);

/** An error message of RouterOS. */
function said(text: string): Outcome<never> {
  const words = text.replace(END, "").trim().replace(/\s+/g, " ").slice(0, 200);
  if (words === "") return failed("refused", "the answer is truncated");
  const [, fault = "refused"] =
    SAYINGS.find(([saying]) => saying.test(words)) ?? [];
  return failed(fault, words);
}

const SAYINGS: readonly (readonly [RegExp, FaultKind])[] = [
  [/no such item/, "not_found"],
  [/not enough permissions|no permission/, "unauthorized"],
  [/action timed out|try again|^interrupted/, "busy"],
];

/** Whether the command is unknown: RouterOS reports that for `find` in a menu without a list. */
export const isNoList = (outcome: Outcome<unknown>): boolean =>
  outcome.kind === "failed" &&
  /^(bad command name|no such command|syntax error)/.test(outcome.why);
