/**
 * A quantile sketch: maps each size class of values to its count, ascending. Sizes grow by a constant factor, so that
 * quantiles have a relative error of at most 2.2 %, and sketches merge by addition (DDSketch: Masson, Rim and Lee,
 * "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019). The factor is
 * 2^(1/16) and upper bounds are inclusive: so this is a Prometheus native histogram of schema 4 and an OpenTelemetry
 * exponential histogram of scale 4, whose bucket index is the size less 1. Values are integers; 0 and negative values
 * have sizes of their own.
 */
export type Sketch = ReadonlyMap<number, number>;

/** Sizes per doubling of the value. */
const SIZES_PER_OCTAVE = 16;
const GROWTH = 2 ** (1 / SIZES_PER_OCTAVE);

/** Relative error of a quantile: 0.0217. */
export const RELATIVE_ERROR = (GROWTH - 1) / (GROWTH + 1);

/** 0 for 0, n for (GROWTH^(n-2), GROWTH^(n-1)], negated below zero: sizes are ordered like the values. */
function sizeOf(value: number): number {
  if (value === 0) return 0;
  const size = 1 + Math.ceil(Math.log2(Math.abs(value)) * SIZES_PER_OCTAVE);
  return value < 0 ? -size : size;
}

/** The value with the same relative distance to both bounds of a size. */
function valueOf(size: number, growth = GROWTH): number {
  if (size === 0) return 0;
  const value = (2 * growth ** (Math.abs(size) - 1)) / (growth + 1);
  return size < 0 ? -value : value;
}

const sorted = (counts: ReadonlyMap<number, number>): Sketch =>
  new Map([...counts].sort(([a], [b]) => a - b));

export function sketchOf(values: Iterable<number>): Sketch {
  const counts = new Map<number, number>();
  for (const value of values) {
    const size = sizeOf(value);
    counts.set(size, (counts.get(size) ?? 0) + 1);
  }
  return sorted(counts);
}

export const mergeSketches = (a: Sketch, b: Sketch): Sketch =>
  sumSketches([a, b]);

export function sumSketches(sketches: Iterable<Sketch>): Sketch {
  const counts = new Map<number, number>();
  for (const sketch of sketches)
    for (const [size, count] of sketch)
      counts.set(size, (counts.get(size) ?? 0) + count);
  return sorted(counts);
}

/** The `q` quantile (0 to 1) by nearest rank; null for an empty sketch. */
export function sketchQuantile(sketch: Sketch, q: number): number | null {
  let total = 0;
  for (const count of sketch.values()) total += count;
  let left = Math.max(1, Math.ceil(q * total));
  for (const [size, count] of sketch) {
    left -= count;
    if (left <= 0) return valueOf(size);
  }
  return null;
}

/**
 * For each size, ascending: its distance to the previous one and its count, as LEB128 varints; the first distance is
 * signed and zigzag-coded.
 */
export function encodeSketch(sketch: Sketch): Buffer {
  const bytes: number[] = [];
  let before: number | null = null;
  for (const [size, count] of sketch) {
    pushVarint(bytes, before === null ? zigzag(size) : size - before);
    pushVarint(bytes, count);
    before = size;
  }
  return Buffer.from(bytes);
}

/** @param bytes from {@link encodeSketch} */
export const decodeSketch = (bytes: Uint8Array): Sketch => sumEncoded([bytes]);

/** The growth factor of sketches in the former column `histogram`: a relative error of 2 %. */
const FORMER_GROWTH = 1.02 / 0.98;

/**
 * Converts a sketch with the former factor: each count moves to the size that contains the middle of its old one; the
 * relative errors of both add up.
 */
export function decodeFormerSketch(bytes: Uint8Array): Sketch {
  const counts = new Map<number, number>();
  for (const [former, count] of decodeSketch(bytes)) {
    const size = sizeOf(valueOf(former, FORMER_GROWTH));
    counts.set(size, (counts.get(size) ?? 0) + count);
  }
  return sorted(counts);
}

/** The sum of encoded sketches, without decoding each of them first. */
export function sumEncoded(encoded: Iterable<Uint8Array>): Sketch {
  const counts = new Map<number, number>();
  for (const bytes of encoded) addEncoded(counts, bytes);
  return sorted(counts);
}

function addEncoded(counts: Map<number, number>, bytes: Uint8Array): void {
  let [at, size] = [0, 0];
  const next = () => {
    let [value, weight, byte] = [0, 1, 0];
    do {
      byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * weight;
      weight *= 0x80;
    } while (byte >= 0x80);
    return value;
  };
  for (let isFirst = true; at < bytes.length; isFirst = false) {
    const distance = next();
    size = isFirst ? unzigzag(distance) : size + distance;
    counts.set(size, (counts.get(size) ?? 0) + next());
  }
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80))
    bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
}

const zigzag = (n: number): number => (n < 0 ? -2 * n - 1 : 2 * n);
const unzigzag = (n: number): number => (n % 2 === 1 ? -(n + 1) / 2 : n / 2);
