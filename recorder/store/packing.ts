/**
 * How the numbers of a few seconds are kept short, and still read by plain SQL.
 *
 * A column of numbers has a scale; each number that differs from others has a code, some bits in the words of its row.
 *
 *     scale   integer or null   all are alike, and have no codes
 *             text p w n u h l  value = u * (2^15 h + l - BIAS + code), the code being the w bits from bit p - 1 on;
 *                               null where n is 2 and the code is 0
 *
 * Each letter is a character that stands for its code point, none of which is 0 (where SQLite ends a text) or above
 * U+D7FF (where not all are characters). A word has 47 bits: SQLite keeps it in 6 bytes, and a double holds it exactly.
 */
export type Value = number | null;
export type Scale = number | string | null;

export interface Packed {
  /** One for each column. */
  readonly scales: readonly Scale[];
  /** For each row its words. */
  readonly words: readonly (readonly number[])[];
}

export const WORDS = 4;
const WORD_BITS = 47;

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
  /** The first bit, 47 to a word. */
  readonly bit: number;
}

/**
 * @param rows at least one, of equally many integers (below 2^46) or nulls
 * @returns null where the numbers are too far apart for the words
 * @throws RangeError for what is no integer
 */
export function pack(rows: readonly (readonly Value[])[]): Packed | null {
  const [first = []] = rows;
  const fields: Field[] = [];
  for (const [column, value] of first.entries()) {
    const values = rows.map((row) => row[column] ?? null);
    if (values.every((other) => other === value)) continue;
    const field = fieldOf(column, values);
    if (field === null) return null;
    fields.push(field);
  }
  const placed = place(fields);
  if (placed === null) return null;
  const scales: Scale[] = [...first];
  for (const field of placed) scales[field.column] = scaleOf(field);
  return { scales, words: rows.map((row) => wordsOf(row, placed)) };
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
    width <= WORD_BITS &&
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

/** The widest first, each into the first word that has room. */
function place(fields: readonly Field[]): Placed[] | null {
  const used = Array.from({ length: WORDS }, () => 0);
  const placed: Placed[] = [];
  for (const field of fields.toSorted((a, b) => b.width - a.width)) {
    const word = used.findIndex((bits) => bits + field.width <= WORD_BITS);
    const shift = used[word];
    if (shift === undefined) return null;
    placed.push({ ...field, bit: word * WORD_BITS + shift });
    used[word] = shift + field.width;
  }
  return placed;
}

function wordsOf(row: readonly Value[], placed: readonly Placed[]): number[] {
  const words = Array.from({ length: WORDS }, () => 0);
  for (const { column, unit, base, bit } of placed) {
    const value = row[column] ?? null;
    const code = value === null ? 0 : value / unit - base;
    const word = Math.floor(bit / WORD_BITS);
    words[word] = (words[word] ?? 0) + code * 2 ** (bit % WORD_BITS);
  }
  return words;
}

function scaleOf({ bit, width, hasNull, unit, base }: Placed): string {
  const above = base + BELOW_ZERO;
  const [high, low] = [Math.floor(above / LOW) + 1, (above % LOW) + 1];
  return String.fromCharCode(bit + 1, width, hasNull ? 2 : 1, unit, high, low);
}

/** Gives back the rows of these scales from their words. */
export function unpacker(
  scales: readonly Scale[],
): (words: readonly Value[]) => Value[] {
  const columns = scales.map(reader);
  return (words) => columns.map((read) => read(words));
}

function reader(scale: Scale): (words: readonly Value[]) => Value {
  if (typeof scale !== "string") return () => scale;
  const letter = (place: number) => scale.charCodeAt(place - 1);
  const bit = letter(1) - 1;
  const word = Math.floor(bit / WORD_BITS);
  const low = 2 ** (bit % WORD_BITS);
  const size = 2 ** letter(2);
  const nullCode = letter(3) - 2;
  const unit = letter(4);
  const base = letter(5) * LOW + letter(6) - BIAS;
  return (words) => {
    const code = Math.floor((words[word] ?? 0) / low) % size;
    return code === nullCode ? null : unit * (base + code);
  };
}

const letterSql = (scale: string, place: number): string =>
  `unicode(substr(${scale}, ${place}, 1))`;

function codeSql(scale: string, words: readonly string[]): string {
  const bit = `(${letterSql(scale, 1)} - 1)`;
  const word = words.map((name, index) => `when ${index} then ${name}`);
  return `((case ${bit} / ${WORD_BITS} ${word.join(" ")} end >> (${bit} % ${WORD_BITS})) & ((1 << ${letterSql(scale, 2)}) - 1))`;
}

/** The same in SQL. @param words the columns of the words */
export function valueSql(scale: string, words: readonly string[]): string {
  const [hasNull, unit, high, low] = [3, 4, 5, 6].map((place) =>
    letterSql(scale, place),
  );
  return `case when typeof(${scale}) <> 'text' then ${scale} else ${unit} * ((${high} << ${LOW_BITS}) + ${low} - ${BIAS} + nullif(${codeSql(scale, words)}, ${hasNull} - 2)) end`;
}

/** Whether there is a value, for less than it takes to compute it. */
export const isKnownSql = (scale: string, words: readonly string[]): string =>
  `case when typeof(${scale}) <> 'text' then ${scale} is not null when ${letterSql(scale, 3)} = 1 then 1 else ${codeSql(scale, words)} > 0 end`;
