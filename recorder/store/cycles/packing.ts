/**
 * How the numbers of a few seconds are kept short, and still read by plain SQL.
 *
 * A column of numbers has a scale; each number that differs from others has a code, some bits in the bytes of its row.
 *
 *     scale   integer or null   all are alike, and have no codes
 *             text p w n u h l  value = u * (2^15 h + l - BIAS + code), the code being the w bits from bit p - 1 on,
 *                               the highest first; null where n is 2 and the code is 0
 *
 * Each letter is a character that stands for its code point, which is never 0 (where SQLite ends a text) or above
 * U+D7FF (where not all are characters). All rows have equally many bytes.
 */
export type Value = number | null;
export type Scale = number | string | null;

interface Packed {
  /** One for each column. */
  readonly scales: readonly Scale[];
  /** Of all rows, one after the other. */
  readonly codes: Buffer;
  /** How many bytes of them each row has. */
  readonly bytesEach: number;
}

/** A code is read from the 32 bits that begin with the byte where it begins. */
const WINDOW_BITS = 32;
const WIDTH_MAX = WINDOW_BITS - 7;

const LETTER_END = 0xd800;
const LOW_BITS = 15;
const LOW = 2 ** LOW_BITS;
/** So many units below 0 may the least value be. */
const BELOW_ZERO = LOW;
const BIAS = LOW + BELOW_ZERO + 1;

/** A column that is not all alike: a value is `unit * (base + code)`. */
interface Field {
  readonly column: number;
  readonly unit: number;
  readonly base: number;
  readonly width: number;
  readonly hasNull: boolean;
}

interface Placed extends Field {
  /** The first bit. */
  readonly bit: number;
}

/**
 * @param rows at least one, of equally many integers (below 2^46) or nulls
 * @returns null where the numbers of a column are too far apart
 * @throws RangeError for what is no integer
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
    throw new RangeError("Cannot pack a number that is no integer");
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

/** What all values are multiples of. */
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

/** Reads the value of one column from the codes of a row, which begin at a place. */
type Reader = (codes: Uint8Array, begin: number) => Value;

/** Where the codes of a column are in a row, and what they mean. */
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

/** The 32 bits that begin at a byte. */
const windowAt = (codes: Uint8Array, at: number): number =>
  ((codes[at] ?? 0) << 24) |
  ((codes[at + 1] ?? 0) << 16) |
  ((codes[at + 2] ?? 0) << 8) |
  (codes[at + 3] ?? 0);

/** Gives back the numbers of a column of this scale. */
function reader(scale: Scale): Reader {
  if (typeof scale !== "string") return () => scale;
  const { first, shift, mask, nullCode, unit, base } = decoderOf(scale);
  return (codes, begin) => {
    const code = (windowAt(codes, begin + first) >>> shift) & mask;
    return code === nullCode ? null : unit * (base + code);
  };
}

/** Adds the numbers of a column to a list, one for each row; null is what is given for it. */
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

/** Gives back the rows of these scales. */
export function unpacker(scales: readonly Scale[]) {
  const columns = scales.map(reader);
  return (codes: Uint8Array, begin: number): Value[] =>
    columns.map((read) => read(codes, begin));
}

/** All bytes in order: the place of one is the byte itself plus one. SQL has no other way to make a number of a byte. */
export const ALPHABET_SQL = `x'${Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString("hex")}'`;

/** Where the codes of a row are, in SQL: a blob, and before how many of its bytes they begin. */
export interface CodesSql {
  readonly codes: string;
  readonly begin: string;
  /** Gives {@link ALPHABET_SQL}. */
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

/** The same in SQL. */
export function valueSql(scale: string, codes: CodesSql): string {
  const [hasNull, unit, high, low] = [3, 4, 5, 6].map((place) =>
    letterSql(scale, place),
  );
  return `case when typeof(${scale}) <> 'text' then ${scale} else ${unit} * ((${high} << ${LOW_BITS}) + ${low} - ${BIAS} + nullif(${codeSql(scale, codes)}, ${hasNull} - 2)) end`;
}

/** Whether there is a value, for less than it takes to compute it. */
export const isKnownSql = (scale: string, codes: CodesSql): string =>
  `case when typeof(${scale}) <> 'text' then ${scale} is not null when ${letterSql(scale, 3)} = 1 then 1 else ${codeSql(scale, codes)} > 0 end`;
