/** A drawing in braille letters: two dots across and four down in each. */
export interface Canvas {
  readonly widthDots: number;
  readonly heightDots: number;
  /** Sets the dots of a column from `low` to `high`, counted from the bottom; what lies outside is cut off. */
  bar(x: number, low: number, high: number): void;
  /** The same, light enough for a line to be seen on it; the highest dot is always set. */
  shade(x: number, low: number, high: number): void;
  /** From top to bottom; an empty letter is a space. */
  lines(): readonly string[];
}

/** The bit of a dot in its letter, by column and by row from the top (Unicode chapter 21.1, U+2800). */
const BITS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/** @param columns and rows of letters */
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
