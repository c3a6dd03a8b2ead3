/** A stream of pseudo-random numbers, determined by seed and purpose. */
export interface Random {
  /** From the open interval (0, 1). */
  uniform(): number;
  between(low: number, high: number): number;
  /** Exponentially distributed; Infinity if the mean is. */
  exponential(mean: number): number;
}

/**
 * One stream per purpose, so that additional draws from one do not shift another. The generator is mulberry32 (public
 * domain, Tommy Ettinger): 32-bit integers, the same on every machine.
 */
export function openRandom(seed: number, purpose: string): Random {
  let state = hash(purpose, seed);
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return (((z ^ (z >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return {
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    exponential: (mean) => -Math.log(uniform()) * mean,
  };
}

/** FNV-1a over the text, seeded. */
function hash(text: string, seed: number): number {
  let value = Math.imul(0x811c9dc5 ^ seed, 0x01000193);
  for (const character of text)
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return value;
}
