/**
 * A quantile sketch: how often each size of value was seen, size to count, ascending. Sizes grow by a constant factor, so
 * that any quantile is known within 2.2 % of itself, and sketches merge by addition (DDSketch: Masson, Rim and Lee, "DDSketch:
 * a fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019). The factor is 2^(1/16) and a
 * size's upper bound belongs to it: so this is a Prometheus native histogram of schema 4 and an OpenTelemetry exponential
 * histogram of scale 4, whose bucket index is the size less 1. Values are integers; 0 and negative values have sizes of
 * their own.
 */
export type Sketch = ReadonlyMap<number, number>;

/** Sizes for each doubling of the value. */
const SIZES_PER_OCTAVE = 16;
const GROWTH = 2 ** (1 / SIZES_PER_OCTAVE);

/** Of a quantile: 0.0217. */
export const RELATIVE_ERROR = (GROWTH - 1) / (GROWTH + 1);

/** 0 for 0, n for (GROWTH^(n-2), GROWTH^(n-1)], the same below zero with its sign: sizes are ordered as values are. */
function sizeOf(value: number): number {
  if (value === 0) return 0;
  const size = 1 + Math.ceil(Math.log2(Math.abs(value)) * SIZES_PER_OCTAVE);
  return value < 0 ? -size : size;
}

/** The value whose relative distance to both bounds of a size is the same. */
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

/** The value that a share `q` (0 to 1) of all values lies at or below, by nearest rank; null where there are none. */
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
 * In a few bytes: for each size, ascending, its distance to the one before, and its count, both as LEB128 varints; the
 * first distance has a sign and is zigzag-coded.
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

/** @param bytes as {@link encodeSketch} made them */
export const decodeSketch = (bytes: Uint8Array): Sketch => sumEncoded([bytes]);

/** The factor of sketches that wanctl made before they had a column of their own: 2 % to either side. */
const FORMER_GROWTH = 1.02 / 0.98;

/**
 * A sketch of the former factor, each count moved to the size that holds the middle of the one it was in: of its quantiles
 * the relative errors of both add up.
 */
export function decodeFormerSketch(bytes: Uint8Array): Sketch {
  const counts = new Map<number, number>();
  for (const [former, count] of decodeSketch(bytes)) {
    const size = sizeOf(valueOf(former, FORMER_GROWTH));
    counts.set(size, (counts.get(size) ?? 0) + count);
  }
  return sorted(counts);
}

/** What {@link encodeSketch} made of several, added up: a fraction of the work of making each of them first. */
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
