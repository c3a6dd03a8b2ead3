/**
 * Packs the numbers of a few seconds into few bits, readable by plain SQL.
 *
 * Each column has a scale; if its numbers differ, each has a code, a few bits in the bytes of its row.
 *
 *     scale   integer or null   all numbers are equal; there are no codes
 *             text p w n u h l  value = u * (2^15 h + l - BIAS + code); the code is the w bits from bit p - 1 on,
 *                               highest bit first; null if n is 2 and the code is 0
 *
 * Each letter is a character whose code point is the number; never 0 (which ends a text in SQLite) or above U+D7FF
 * (where surrogates begin). All rows have the same number of bytes.
 */
export type Value = number | null;
export type Scale = number | string | null;

interface Packed {
  /** One per column. */
  readonly scales: readonly Scale[];
  /** The codes of all rows, one after the other. */
  readonly codes: Buffer;
  /** Bytes per row. */
  readonly bytesEach: number;
}

/** A code is read from the 32 bits starting at the byte in which it begins. */
const WINDOW_BITS = 32;
const WIDTH_MAX = WINDOW_BITS - 7;

const LETTER_END = 0xd800;
const LOW_BITS = 15;
const LOW = 2 ** LOW_BITS;
/** The smallest value may be this many units below 0. */
const BELOW_ZERO = LOW;
const BIAS = LOW + BELOW_ZERO + 1;

/** A column whose values differ: a value is `unit * (base + code)`. */
interface Field {
  readonly column: number;
  readonly unit: number;
  readonly base: number;
  readonly width: number;
  readonly hasNull: boolean;
}

interface Placed extends Field {
  /** Its first bit in a row. */
  readonly bit: number;
}

/**
 * @param rows at least one, all with the same number of integers (below 2^46) or nulls
 * @returns null if the numbers of a column are too far apart
 * @throws RangeError for a number that is not an integer
 */
export function pack(rows: readonly (readonly Value[])[]): Packed | null {
  const [first = []] = rows;
  const scales: Scale[] = [...first];
  const placed: Placed[] = [];
  let bit = 0;
  for (const [column, value] of first.entries()) {
    const values = rows.map((row) => row[column] ?? null);
    if (values.every((other) => other === value)) continue;
    const field = fieldOf(column, values);
    if (field === null) return null;
    const own = { ...field, bit };
    placed.push(own);
    scales[column] = scaleOf(own);
    bit += field.width;
  }
  const bytesEach = Math.ceil(bit / 8);
  const codes = Buffer.alloc(rows.length * bytesEach);
  for (const [index, row] of rows.entries())
    writeCodes(codes, index * bytesEach, row, placed);
  return { scales, codes, bytesEach };
}

function fieldOf(column: number, values: readonly Value[]): Field | null {
  const known = values.filter((value) => value !== null);
  if (!known.every(Number.isSafeInteger))
    throw new RangeError("Cannot pack a number that is not an integer");
  const hasNull = known.length < values.length;
  const least = known.reduce((a, b) => Math.min(a, b));
  const most = known.reduce((a, b) => Math.max(a, b));
  const unit = unitOf(known);
  const base = least / unit - (hasNull ? 1 : 0);
  const width = bitsFor(most / unit - base);
  const fits =
    width <= WIDTH_MAX &&
    base >= -BELOW_ZERO &&
    base + BELOW_ZERO < (LETTER_END - 1) * LOW;
  return fits ? { column, unit, base, width, hasNull } : null;
}

/** The greatest common divisor of all values; 1 if it does not fit into a letter. */
function unitOf(values: readonly number[]): number {
  const unit = values.reduce(greatestCommonDivisor, 0);
  return unit === 0 || unit >= LETTER_END ? 1 : unit;
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

function bitsFor(most: number): number {
  let bits = 1;
  while (2 ** bits <= most) bits++;
  return bits;
}

function writeCodes(
  codes: Buffer,
  begin: number,
  row: readonly Value[],
  placed: readonly Placed[],
): void {
  for (const { column, unit, base, bit, width } of placed) {
    const value = row[column] ?? null;
    const code = value === null ? 0 : value / unit - base;
    const window = code << (WINDOW_BITS - width - (bit % 8));
    for (let at = begin + (bit >> 3), low = 24; low >= 0; at++, low -= 8)
      if (at < codes.length) codes[at] = (codes[at] ?? 0) | (window >>> low);
  }
}

function scaleOf({ bit, width, hasNull, unit, base }: Placed): string {
  const above = base + BELOW_ZERO;
  const [high, low] = [Math.floor(above / LOW) + 1, (above % LOW) + 1];
  return String.fromCharCode(bit + 1, width, hasNull ? 2 : 1, unit, high, low);
}

/** Reads the value of one column from the codes of a row, which start at `begin`. */
type Reader = (codes: Uint8Array, begin: number) => Value;

/** Decodes a scale: position of the codes in a row, and their meaning. */
function decoderOf(scale: string) {
  const letter = (place: number) => scale.charCodeAt(place - 1);
  const bit = letter(1) - 1;
  const width = letter(2);
  return {
    first: bit >> 3,
    shift: WINDOW_BITS - width - (bit % 8),
    mask: 2 ** width - 1,
    nullCode: letter(3) - 2,
    unit: letter(4),
    base: letter(5) * LOW + letter(6) - BIAS,
  };
}

/** The 32 bits starting at a byte. */
const windowAt = (codes: Uint8Array, at: number): number =>
  ((codes[at] ?? 0) << 24) |
  ((codes[at + 1] ?? 0) << 16) |
  ((codes[at + 2] ?? 0) << 8) |
  (codes[at + 3] ?? 0);

/** A reader for a column with this scale. */
function reader(scale: Scale): Reader {
  if (typeof scale !== "string") return () => scale;
  const { first, shift, mask, nullCode, unit, base } = decoderOf(scale);
  return (codes, begin) => {
    const code = (windowAt(codes, begin + first) >>> shift) & mask;
    return code === nullCode ? null : unit * (base + code);
  };
}

/** Adds the numbers of a column to a list, one per row; null counts as `forNull`. */
export function addColumn(
  into: Float64Array,
  scale: Scale,
  {
    codes,
    bytesEach,
  }: { readonly codes: Uint8Array; readonly bytesEach: number },
  forNull: number,
): void {
  if (typeof scale !== "string") {
    const value = scale ?? forNull;
    for (let row = 0; row < into.length; row++)
      into[row] = (into[row] ?? 0) + value;
    return;
  }
  const { first, shift, mask, nullCode, unit, base } = decoderOf(scale);
  for (let row = 0, at = first; row < into.length; row++, at += bytesEach) {
    const code = (windowAt(codes, at) >>> shift) & mask;
    const value = code === nullCode ? forNull : unit * (base + code);
    into[row] = (into[row] ?? 0) + value;
  }
}

/** A reader for rows with these scales. */
export function unpacker(scales: readonly Scale[]) {
  const columns = scales.map(reader);
  return (codes: Uint8Array, begin: number): Value[] =>
    columns.map((read) => read(codes, begin));
}

/** All bytes in order: a byte's position less one is its value. SQL has no other way to convert a byte to a number. */
export const ALPHABET_SQL = `x'${Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString("hex")}'`;

/** SQL expressions for the codes of a row: the blob, and the row's offset in it. */
export interface CodesSql {
  readonly codes: string;
  readonly begin: string;
  /** The value of {@link ALPHABET_SQL}. */
  readonly alphabet: string;
}

const letterSql = (scale: string, place: number): string =>
  `unicode(substr(${scale}, ${place}, 1))`;

function codeSql(scale: string, { codes, begin, alphabet }: CodesSql): string {
  const bit = `(${letterSql(scale, 1)} - 1)`;
  const width = letterSql(scale, 2);
  const bytes = [1, 2, 3, 4].map(
    (place) =>
      `(instr(${alphabet}, substr(${codes}, ${begin} + ${bit} / 8 + ${place}, 1)) - 1 << ${WINDOW_BITS - 8 * place})`,
  );
  return `((${bytes.join(" | ")}) >> (${WINDOW_BITS} - ${width} - ${bit} % 8) & (1 << ${width}) - 1)`;
}

/** The value of a column in SQL. */
export function valueSql(scale: string, codes: CodesSql): string {
  const [hasNull, unit, high, low] = [3, 4, 5, 6].map((place) =>
    letterSql(scale, place),
  );
  return `case when typeof(${scale}) <> 'text' then ${scale} else ${unit} * ((${high} << ${LOW_BITS}) + ${low} - ${BIAS} + nullif(${codeSql(scale, codes)}, ${hasNull} - 2)) end`;
}

/** Whether the value is not null, in SQL; cheaper than computing it. */
export const isKnownSql = (scale: string, codes: CodesSql): string =>
  `case when typeof(${scale}) <> 'text' then ${scale} is not null when ${letterSql(scale, 3)} = 1 then 1 else ${codeSql(scale, codes)} > 0 end`;
