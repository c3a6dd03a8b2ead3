/**
 * How often each size of value was seen: size to count, ascending. Sizes grow by a constant factor, so that any quantile is
 * known within 2 % of itself, and histograms merge by addition. 0 and negative values have their own sizes. Values are
 * integers.
 */
export type Sketch = ReadonlyMap<number, number>;

/** Of a quantile. */
export const RELATIVE_ERROR = 0.02;

const GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GROWTH = Math.log(GROWTH);

/** 0 for 0, n for (GROWTH^(n-2), GROWTH^(n-1)], the same below zero with its sign: sizes are ordered as values are. */
function sizeOf(value: number): number {
  if (value === 0) return 0;
  const size = 1 + Math.ceil(Math.log(Math.abs(value)) / LOG_GROWTH);
  return value < 0 ? -size : size;
}

/** The value that is within RELATIVE_ERROR of all of its size. */
function valueOf(size: number): number {
  if (size === 0) return 0;
  const value = (2 * GROWTH ** (Math.abs(size) - 1)) / (GROWTH + 1);
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

export function sumSketches(histograms: Iterable<Sketch>): Sketch {
  const counts = new Map<number, number>();
  for (const histogram of histograms)
    for (const [size, count] of histogram)
      counts.set(size, (counts.get(size) ?? 0) + count);
  return sorted(counts);
}

/** The value that a share `q` (0 to 1) of all values lies at or below, by nearest rank; null where there are none. */
export function sketchQuantile(histogram: Sketch, q: number): number | null {
  let total = 0;
  for (const count of histogram.values()) total += count;
  let left = Math.max(1, Math.ceil(q * total));
  for (const [size, count] of histogram) {
    left -= count;
    if (left <= 0) return valueOf(size);
  }
  return null;
}

/** In a few bytes: for each size, ascending, its distance to the one before, and its count; the first distance has a sign. */
export function encodeSketch(histogram: Sketch): Buffer {
  const bytes: number[] = [];
  let before: number | null = null;
  for (const [size, count] of histogram) {
    pushVarint(bytes, before === null ? zigzag(size) : size - before);
    pushVarint(bytes, count);
    before = size;
  }
  return Buffer.from(bytes);
}

/** @param bytes as {@link encodeSketch} made them */
export const decodeSketch = (bytes: Uint8Array): Sketch => sumEncoded([bytes]);

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
