import { clip } from "../terminal.js";

/** A drawing in Braille characters of two by four dots. */
interface Canvas {
  readonly widthDots: number;
  readonly heightDots: number;
  /** Sets the dots of a column from `low` to `high`, counted from the bottom; clipped to the canvas. */
  bar(x: number, low: number, high: number): void;
  /** The same with a sparse pattern, so that lines stay visible on it; the highest dot is always set. */
  shade(x: number, low: number, high: number): void;
  /** From top to bottom; an empty character is a space. */
  lines(): readonly string[];
}

/** The bit of a dot in its character, by column and by row from the top (Unicode chapter 21.1, U+2800). */
const BITS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/** @param columns and rows in characters */
export function openCanvas(columns: number, rows: number): Canvas {
  const cells = Array.from({ length: rows }, () => new Uint8Array(columns));
  const widthDots = 2 * columns;
  const heightDots = 4 * rows;

  function dot(x: number, y: number): void {
    const fromTop = heightDots - 1 - y;
    const cell = cells[fromTop >> 2];
    const bit = BITS[x & 1]?.[fromTop & 3];
    if (cell !== undefined && bit !== undefined) {
      const letter = x >> 1;
      cell[letter] = (cell[letter] ?? 0) | bit;
    }
  }

  function fill(
    x: number,
    low: number,
    high: number,
    isSet: (x: number, y: number, top: number) => boolean,
  ): void {
    if (!(x >= 0 && x < widthDots)) return;
    const column = Math.trunc(x);
    const top = Math.min(heightDots - 1, Math.round(high));
    for (let y = Math.max(0, Math.round(low)); y <= top; y++)
      if (isSet(column, y, top)) dot(column, y);
  }

  return {
    widthDots,
    heightDots,
    bar: (x, low, high) => fill(x, low, high, () => true),
    shade: (x, low, high) =>
      fill(x, low, high, (at, y, top) => y === top || y % 4 === 2 * (at & 1)),
    lines: () =>
      cells.map((cell) =>
        Array.from(cell, (bits) =>
          bits === 0 ? " " : String.fromCodePoint(0x2800 + bits),
        ).join(""),
      ),
  };
}

/** Minimum and maximum of one series in one column of dots; null if unknown. */
export type Band = { readonly min: number; readonly max: number } | null;

interface ChartOptions {
  readonly title: string;
  /** Total width, including axis and labels. */
  readonly columns: number;
  /** Height of the drawing alone. */
  readonly rows: number;
  readonly showValue: (value: number) => string;
  /** Shaded areas behind the lines. */
  readonly shades?: readonly (readonly Band[])[];
  /** The value at the bottom; default: the smallest one shown. */
  readonly bottom?: number;
}

/** Columns left of the drawing, for the axis and its labels. */
const AXIS = 9;

/** The number of bands in a chart of this width. */
export const bandsIn = (columns: number): number => 2 * (columns - AXIS);

/**
 * A chart of several series over the same time: a title, then the drawing, with the largest value at its top and the
 * smallest at its bottom. Each series has {@link bandsIn} bands. Adjacent bands are joined, gaps are not.
 */
export function chart(
  series: readonly (readonly Band[])[],
  { title, columns, rows, showValue, bottom, shades = [] }: ChartOptions,
): readonly string[] {
  const head = clip(title, columns);
  const bands = [...series, ...shades].flat().filter((band) => band !== null);
  if (bands.length === 0)
    return [head, `${" ".repeat(AXIS - 2)}│ nothing recorded`];
  const low = bottom ?? Math.min(...bands.map(({ min }) => min));
  const high = Math.max(low, ...bands.map(({ max }) => max));
  const canvas = openCanvas(columns - AXIS, rows);
  const height = (value: number) =>
    high === low ? 0 : ((value - low) / (high - low)) * (canvas.heightDots - 1);
  for (const shade of shades)
    shade.forEach((band, x) => {
      if (band !== null) canvas.shade(x, height(band.min), height(band.max));
    });
  for (const line of series)
    line.forEach((band, x) => {
      if (band === null) return;
      const { min, max } = joined(band, line[x - 1] ?? null);
      canvas.bar(x, height(min), height(max));
    });
  return [
    head,
    ...canvas.lines().map((drawn, row) => {
      const label =
        row === 0 ? showValue(high) : row === rows - 1 ? showValue(low) : "";
      return `${label.padStart(AXIS - 2)}${label === "" ? "│" : "┤"} ${drawn}`.trimEnd();
    }),
  ];
}

/** The band, extended to its predecessor, so that a line has no holes. */
function joined(band: NonNullable<Band>, before: Band): NonNullable<Band> {
  if (before === null) return band;
  return {
    min: Math.min(band.min, before.max),
    max: Math.max(band.max, before.min),
  };
}

/** A line of marks under the charts, one character for two bands. */
export const strip = (title: string, marks: readonly string[]): string =>
  `${title.padStart(AXIS - 2)}│ ${marks.join("")}`.trimEnd();

/** The times at both ends and, if there is room, in the middle, under the drawing. */
export function timeAxis(columns: number, labels: readonly string[]): string {
  const [left = "", middle = "", right = ""] = labels;
  const width = columns - AXIS;
  const half = Math.floor((width - middle.length) / 2) - left.length;
  const isRoomy = half > 0 && width > labels.join("  ").length;
  const start = isRoomy ? `${left}${" ".repeat(half)}${middle}` : left;
  const rest = Math.max(1, width - start.length - right.length);
  return `${" ".repeat(AXIS)}${start}${" ".repeat(rest)}${right}`;
}
