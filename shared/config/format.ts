import { isIP, isIPv4, isIPv6, SocketAddress } from "node:net";
import convict from "convict";
import { DAY_MS, HOUR_MS } from "../contract/units.js";
import { nearest } from "./error.js";

/**
 * The formats of configuration values in all schemas: `quantity`, `whole`, `text`, `texts`, `flag`. Limits are given
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

/** The type of a configuration, derived from its schema. */
export type ValuesOf<S> = S extends { readonly format: string }
  ? ValueOf<S>
  : { -readonly [K in keyof S]: ValuesOf<S[K]> };

/** Default of a key that must be set. */
export const REQUIRED = null as never;

/** A check of a text, and its description, to follow "must be". */
export interface Like {
  readonly test: (text: string) => boolean;
  readonly words: string;
}

export const like = (pattern: RegExp, words: string): Like => ({
  test: (text) => pattern.test(text),
  words,
});

/** One fault of a value; `value` is the offending part. */
interface Fault {
  readonly rule: string;
  readonly value?: unknown;
}

/** All faults of a key's value. */
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
  if (typeof value !== "string" || value === "")
    return fail("must be a non-empty string");
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
    faults.push({ rule: "must not have duplicate entries", value });
  return faults;
}

/** The valid entries of a list with faults; undefined if there are none, or the value is not a list. */
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

/** convict fills in defaults and converts expanded texts to numbers; {@link faultsOf} validates the values. */
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

/** Longest duration, ms: a hundred years; a longer one is refused. */
const LONGEST_MS = 100 * 365 * DAY_MS;

/** One or more numbers with units; they add up. */
export const DURATION = /^(\d+(?:\.\d+)?(?:ms|[smhdwy]))+$/;

/** "90m", "1h30m", "1.5d" in ms; null if invalid, zero or over a hundred years. Units: ms s m h d w y. */
export function parseDuration(text: string): number | null {
  const compact = text.replace(/\s+/g, "").toLowerCase();
  if (!DURATION.test(compact)) return null;
  let ms = 0;
  for (const [, number, unit = ""] of compact.matchAll(/([\d.]+)([a-z]+)/g))
    ms += Number(number) * (UNIT_MS[unit] ?? NaN);
  return ms > 0 && ms <= LONGEST_MS ? ms : null;
}

const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
/** A last label that resolvers read as part of an IPv4 address: `1.1`, `0x7f.1`. */
const NUMBER_LABEL = /^(\d+|0x[0-9a-f]*)$/i;
const NAME_MAX = 253;

/** A host: an address, or a name as in RFC 1123, with or without a final dot. */
export const HOST: Like = {
  test: (text) => isIP(text) !== 0 || isName(text),
  words: "a name or an IPv4 or IPv6 address, without a port",
};

export const ADDRESS: Like = {
  test: (text) => isIP(text) !== 0 && !text.includes("%"),
  words: "an IPv4 or IPv6 address",
};

/** A network interface's name; alternative names may have up to 127 characters (ip-link(8), altname). */
export const DEVICE: Like = {
  test: (text) => /^[^\s/]{1,127}$/.test(text),
  words: "a device name: up to 127 characters, no space and no slash",
};

function isName(text: string): boolean {
  const labels = text.replace(/\.$/, "").split(".");
  return (
    text.length <= NAME_MAX &&
    labels.every((label) => LABEL.test(label)) &&
    !NUMBER_LABEL.test(labels.at(-1) ?? "")
  );
}

/** The canonical spelling of a host: `2606:4700::0001` and `2606:4700:0::1` become the same. */
export function plainHost(host: string): string {
  if (!isIPv6(host)) return host.toLowerCase().replace(/\.$/, "");
  const [text = "", zone] = host.split("%");
  const { address } = new SocketAddress({ address: text, family: "ipv6" });
  const mapped = /^::ffff:(.*)$/.exec(address)?.[1] ?? "";
  if (isIPv4(mapped)) return mapped;
  return zone === undefined ? address : `${address}%${zone}`;
}
