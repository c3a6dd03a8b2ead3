import { fixed } from "../shared/contract/units.js";

/** Width of all output for people; also: local time, durations in words, no control characters. */
export const COLUMNS = 80;

/** Untrusted text made safe to print: replaces control characters. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "·");

/** The text cut to `width` columns, ending in "…" if cut. */
export function clip(text: string, width: number): string {
  const letters = Array.from(text);
  return letters.length <= width
    ? text
    : `${letters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** `head` and `text`, wrapped at 80 columns; further lines are indented by the width of `head`. */
export const wrap = (head: string, text: string): string[] =>
  wrapTo(COLUMNS, head, text);

/** The same for any width. */
export function wrapTo(columns: number, head: string, text: string): string[] {
  const indent = " ".repeat(Array.from(head).length);
  const room = columns - indent.length;
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= room || line === "") lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line, i) =>
    (i === 0 ? head + line : indent + line).trimEnd(),
  );
}

/** "14:03:07.250", local time, of an instant in ms since 1970. */
export function timeOfDay(atMs: number): string {
  const at = new Date(atMs);
  const two = (n: number) => String(n).padStart(2, "0");
  const ms = String(at.getMilliseconds()).padStart(3, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${ms}`;
}

/** "+0.6", "-12.0", "+1234"; "—" if unknown. Six columns up to 99 s. */
export function showDelta(ms: number | null): string {
  if (ms === null) return "—";
  const digits = Math.abs(ms) >= 999.95 ? 0 : 1;
  const text = fixed(ms, digits);
  return text.startsWith("-") ? text : `+${text}`;
}

/** "512 kB", "4.0 MB"; "—" if unknown. */
export function showBytes(bytes: number | null): string {
  if (bytes === null) return "—";
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
}
