import { isIP, isIPv4, isIPv6, SocketAddress } from "node:net";
import convict from "convict";
import { DAY_MS, HOUR_MS } from "../contract/units.js";
import { nearest } from "./error.js";

/**
 * The formats of configuration values, for every schema: `quantity`, `whole`, `text`, `texts`, `flag`. Their limits stand
 * beside the format in the schema. convict's own number formats read "12abc" as 12; these do not.
 */
export interface Format {
  readonly format: string;
  readonly nullable?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly like?: Like;
  readonly values?: readonly string[];
}

/** The value that a key of this format has. */
type ValueOf<F> =
  | (F extends { readonly nullable: true } ? null : never)
  | (F extends { readonly format: "quantity" | "whole" }
      ? number
      : F extends { readonly format: "flag" }
        ? boolean
        : F extends { readonly format: "texts" }
          ? string[]
          : F extends { readonly values: readonly (infer V)[] }
            ? V
            : string);

/** The type of a configuration, as its schema says it. */
export type ValuesOf<S> = S extends { readonly format: string }
  ? ValueOf<S>
  : { -readonly [K in keyof S]: ValuesOf<S[K]> };

/** Of a key that must be given. */
export const REQUIRED = null as never;

/** What a text must look like, and the same in words that follow "must be". */
export interface Like {
  readonly test: (text: string) => boolean;
  readonly words: string;
}

export const like = (pattern: RegExp, words: string): Like => ({
  test: (text) => pattern.test(text),
  words,
});

/** What is wrong with a value; `value` is the part of it that is meant. */
interface Fault {
  readonly rule: string;
  readonly value?: unknown;
}

/** Everything that is wrong with the value of a key. */
export function faultsOf(value: unknown, format: Format): Fault[] {
  if (value === null)
    return format.nullable === true ? [] : [{ rule: "is required" }];
  switch (format.format) {
    case "quantity":
    case "whole":
      return numberFaults(value, format);
    case "text":
      return textFaults(value, format);
    case "texts":
      return listFaults(value, format);
    default:
      return typeof value === "boolean"
        ? []
        : [{ rule: "must be true or false", value }];
  }
}

function numberFaults(
  value: unknown,
  { format, min = -Infinity, max = Infinity }: Format,
): Fault[] {
  const fail = (rule: string) => [{ rule, value }];
  if (typeof value !== "number" || !Number.isFinite(value))
    return fail("must be a number");
  if (format === "whole" && !Number.isInteger(value))
    return fail("must be a whole number");
  return value < min || value > max
    ? fail(`must be from ${min} to ${max}`)
    : [];
}

function textFaults(value: unknown, { like, values }: Format): Fault[] {
  const fail = (rule: string) => [{ rule, value }];
  if (typeof value !== "string" || value === "") return fail("must be a text");
  if (like !== undefined && !like.test(value))
    return fail(`must be ${like.words}`);
  return values === undefined || values.includes(value)
    ? []
    : fail(oneOf(value, values));
}

function oneOf(value: string, values: readonly string[]): string {
  const meant = nearest(value, values);
  const question = meant === null ? "" : `, did you mean '${meant}'`;
  return `must be one of ${values.join(", ")}${question}`;
}

function listFaults(value: unknown, format: Format): Fault[] {
  const { min = 1, max = 64 } = format;
  if (!Array.isArray(value)) return [{ rule: "must be a list", value }];
  const list = value as unknown[];
  const faults: Fault[] = list.flatMap((entry) =>
    textFaults(entry, { ...format, format: "text" }),
  );
  if (list.length < min || list.length > max)
    faults.push({ rule: `must have ${min} to ${max} entries`, value });
  if (new Set(list).size !== list.length)
    faults.push({ rule: "must not name an entry twice", value });
  return faults;
}

/** What can still be told of a value with faults: the entries of a list that have none. Undefined where that is nothing. */
export function rightPart(value: unknown, format: Format): unknown {
  if (format.format !== "texts" || !Array.isArray(value)) return undefined;
  const single: Format = { ...format, format: "text" };
  const right = value.filter((entry) => textFaults(entry, single).length === 0);
  return right.length === 0 ? undefined : right;
}

const NUMBER = /^-?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const strictNumber = (text: string): unknown =>
  NUMBER.test(text) ? Number(text) : text;
const strictFlag = (text: string): unknown =>
  text === "true" ? true : text === "false" ? false : text;

/** convict fills in defaults and reads numbers out of expanded texts; values are judged by {@link faultsOf}. */
const format = (coerce: (text: string) => unknown) => ({
  validate: () => undefined,
  coerce,
});
convict.addFormats({
  quantity: format(strictNumber),
  whole: format(strictNumber),
  text: format((text) => text),
  texts: format((text) => text),
  flag: format(strictFlag),
});

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
  y: 365 * DAY_MS,
};

/** More than a database can hold. */
const LONGEST_MS = 100 * 365 * DAY_MS;

/** Lengths in a row: they add up. */
export const DURATION = /^(\d+(?:\.\d+)?(?:ms|[smhdwy]))+$/;

/** "90m", "1h30m", "1.5d"; null for anything else, and for nothing and more than a hundred years. Units: ms s m h d w y. */
export function parseDuration(text: string): number | null {
  const compact = text.replace(/\s+/g, "").toLowerCase();
  if (!DURATION.test(compact)) return null;
  let ms = 0;
  for (const [, number, unit = ""] of compact.matchAll(/([\d.]+)([a-z]+)/g))
    ms += Number(number) * (UNIT_MS[unit] ?? NaN);
  return ms > 0 && ms <= LONGEST_MS ? ms : null;
}

const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
/** What a resolver takes for a number, whatever else it may be: `1.1`, `0x7f.1`. */
const NUMBER_LABEL = /^(\d+|0x[0-9a-f]*)$/i;
const NAME_MAX = 253;

/** A host as people write it: by an address, or by a name as in RFC 1123, a dot at its end or not. */
export const HOST: Like = {
  test: (text) => isIP(text) !== 0 || isName(text),
  words: "a name or an IPv4 or IPv6 address, without a port",
};

export const ADDRESS: Like = {
  test: (text) => isIP(text) !== 0 && !text.includes("%"),
  words: "an IPv4 or IPv6 address",
};

/** A device has several names: those besides the kernel's own may be this long (ip-link(8), altname). */
export const DEVICE: Like = {
  test: (text) => /^[^\s/]{1,127}$/.test(text),
  words: "the name of a device: up to 127 characters, no space and no slash",
};

function isName(text: string): boolean {
  const labels = text.replace(/\.$/, "").split(".");
  return (
    text.length <= NAME_MAX &&
    labels.every((label) => LABEL.test(label)) &&
    !NUMBER_LABEL.test(labels.at(-1) ?? "")
  );
}

/** The one spelling of all that a host may be written in: `2606:4700::0001` and `2606:4700:0::1` are one. */
export function plainHost(host: string): string {
  if (!isIPv6(host)) return host.toLowerCase().replace(/\.$/, "");
  const [text = "", zone] = host.split("%");
  const { address } = new SocketAddress({ address: text, family: "ipv6" });
  const mapped = /^::ffff:(.*)$/.exec(address)?.[1] ?? "";
  if (isIPv4(mapped)) return mapped;
  return zone === undefined ? address : `${address}%${zone}`;
}
