/** A stream of numbers that look random and depend on nothing but its seed and its name. */
export interface Random {
  /** From the open interval (0, 1): never its ends. */
  uniform(): number;
  between(low: number, high: number): number;
  /** Exponentially distributed; Infinity where the mean is. */
  exponential(mean: number): number;
}

/**
 * One stream for each purpose, so that drawing more from one shifts no other. The generator is mulberry32 (public domain,
 * Tommy Ettinger): whole numbers of 32 bits, the same on every machine.
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

/** FNV-1a over the text, begun with the seed. */
function hash(text: string, seed: number): number {
  let value = Math.imul(0x811c9dc5 ^ seed, 0x01000193);
  for (const character of text)
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return value;
}
