import {
  SECOND_MS,
  MINUTE_MS,
  HOUR_MS,
  DAY_MS,
} from "../../shared/contract/units.js";
import {
  LENGTH_MAX_MS,
  LENGTH_MIN_MS,
  LENGTHS_MS,
  type ShownSpan,
} from "./span.js";

/** The current view; it is part of the URL, so that it can be shared. */
export interface PageView {
  readonly span: ShownSpan;
  /** null: all there are */
  readonly wans: readonly string[] | null;
}

export const FIRST_VIEW: PageView = {
  span: { kind: "last", lengthMs: LENGTHS_MS["15m"] },
  wans: null,
};

const WAN_NAME = /^[a-z][a-z0-9-]{0,30}$/;
const UNITS_MS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  y: 365 * DAY_MS,
};

/** `#last=1h&wan=att`, `#from=2026-01-31T20:00:00.000Z&to=...` */
export function linkTo({ span, wans }: PageView): string {
  const time =
    span.kind === "last"
      ? [`last=${lengthInLink(span.lengthMs)}`]
      : [`from=${iso(span.fromMs)}`, `to=${iso(span.toMs)}`];
  return `#${[...time, ...(wans ?? []).map((wan) => `wan=${wan}`)].join("&")}`;
}

/** @throws Error that says what is wrong with the link */
export function viewIn(hash: string): PageView {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  for (const name of given.keys())
    if (!["last", "from", "to", "wan"].includes(name))
      throw linkError(name, "unknown, known here: last, from, to, wan");
  const wans = given.getAll("wan");
  for (const wan of wans)
    if (!WAN_NAME.test(wan))
      throw linkError("wan", "must be the name of a WAN", wan);
  return { span: spanIn(given), wans: wans.length === 0 ? null : wans };
}

function spanIn(given: URLSearchParams): ShownSpan {
  const last = given.get("last");
  const [from, to] = [given.get("from"), given.get("to")];
  if (from === null && to === null)
    return last === null
      ? FIRST_VIEW.span
      : { kind: "last", lengthMs: lengthIn(last) };
  if (last !== null)
    throw linkError("last", "must not be combined with from or to", last);
  const [fromMs, toMs] = [instantIn("from", from), instantIn("to", to)];
  if (fromMs >= toMs) throw linkError("from", "must be before to", from);
  return { kind: "fixed", fromMs, toMs };
}

/** `90s`, `1h`: in the largest unit that gives a whole number. */
export function lengthInLink(ms: number): string {
  const [unit = "s", unitMs = 1_000] =
    Object.entries(UNITS_MS)
      .reverse()
      .find(([, each]) => ms % each === 0) ?? [];
  return `${Number((ms / unitMs).toFixed(3))}${unit}`;
}

function lengthIn(text: string): number {
  const [, number = "", unit = ""] =
    /^(\d{1,9}(?:\.\d{1,3})?)([smhdy])$/.exec(text) ?? [];
  const ms = Math.round(Number(number) * (UNITS_MS[unit] ?? 0));
  if (ms >= LENGTH_MIN_MS && ms <= LENGTH_MAX_MS) return ms;
  throw linkError("last", "must be a duration from 1s to 400d", text);
}

function instantIn(name: string, text: string | null): number {
  const ms =
    text === null
      ? NaN
      : /^\d{1,13}$/.test(text)
        ? Number(text)
        : /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text)
          ? Date.parse(text)
          : NaN;
  if (Number.isFinite(ms)) return ms;
  throw linkError(
    name,
    "must be ms since 1970, or ISO 8601 with a time zone",
    text,
  );
}

const iso = (ms: number): string => new Date(ms).toISOString();

const linkError = (name: string, rule: string, got?: string | null): Error =>
  new Error(
    `Cannot read '${name}' of the link: ${rule}${got === undefined ? "" : `: got ${JSON.stringify(got)}`}`,
  );
