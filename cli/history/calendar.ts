import { timeOfDay } from "../terminal.js";

/** Local time for people, of instants in ms since 1970. */

const HOUR_MS = 3_600_000;

/** "Sat 21 Nov 2026". */
export function dayOf(atMs: number): string {
  const [weekday, month, day, year] = new Date(atMs).toDateString().split(" ");
  return `${weekday} ${day} ${month} ${year}`;
}

/** "UTC+02:00". */
export function offsetOf(atMs: number): string {
  const minutes = -new Date(atMs).getTimezoneOffset();
  const two = (n: number) => String(Math.trunc(n)).padStart(2, "0");
  const abs = Math.abs(minutes);
  return `UTC${minutes < 0 ? "-" : "+"}${two(abs / 60)}:${two(abs % 60)}`;
}

/** How the time of a step is written: as fine as its length needs, with the day where steps are long. */
export function timeColumn(stepMs: number | null): {
  readonly width: number;
  readonly hasDay: boolean;
  show(atMs: number): string;
} {
  const cut = (width: number) => ({
    width,
    hasDay: false,
    show: (atMs: number) => timeOfDay(atMs).slice(0, width),
  });
  if (stepMs === null || stepMs % 1_000 !== 0) return cut(12);
  if (stepMs % 60_000 !== 0) return cut(8);
  if (stepMs < 6 * HOUR_MS) return cut(5);
  return { width: 12, hasDay: true, show: dayAndTime };
}

/** "21 Nov 14:03". */
export const dayAndTime = (atMs: number): string =>
  `${dayOf(atMs).slice(4, 10)} ${timeOfDay(atMs).slice(0, 5)}`;

/** "Sat 21 Nov 2026 13:33 to 14:33", with seconds where an end has any. */
export function spanOf(fromMs: number, toMs: number): string {
  const width = fromMs % 60_000 === 0 && toMs % 60_000 === 0 ? 5 : 8;
  const time = (atMs: number) => timeOfDay(atMs).slice(0, width);
  const end = dayOf(fromMs) === dayOf(toMs) ? "" : `${dayOf(toMs)} `;
  return `${dayOf(fromMs)} ${time(fromMs)} to ${end}${time(toMs)}`;
}

/** Says when between two lines the day or the clock has changed; null where neither has. */
export function turnOf(beforeMs: number, atMs: number): string | null {
  if (offsetOf(beforeMs) !== offsetOf(atMs))
    return `${dayOf(atMs)}, ${offsetOf(atMs)} from here`;
  return dayOf(beforeMs) === dayOf(atMs) ? null : dayOf(atMs);
}

const UNITS_OF_MS = [
  ["d", "d", 24 * HOUR_MS],
  ["h", "h", HOUR_MS],
  ["m", "min", 60_000],
  ["s", "s", 1_000],
] as const;
const MS = ["ms", "ms", 1] as const;

/** A length in the greatest unit that leaves no rest: its number, and the unit for programs and for people. */
function lengthOf(ms: number) {
  const [unit, word, size] =
    UNITS_OF_MS.find((each) => ms % each[2] === 0) ?? MS;
  return { count: ms / size, unit, word };
}

/** "5m", as the recorder reads it. */
export function lengthText(ms: number): string {
  const { count, unit } = lengthOf(ms);
  return `${count}${unit}`;
}

/** "every 5 min"; "every cycle" for null. */
export function stepInWords(stepMs: number | null): string {
  if (stepMs === null) return "every cycle";
  const { count, word } = lengthOf(stepMs);
  return `every ${count} ${word}`;
}
