import { closest, distance } from "fastest-levenshtein";

/** What somebody meant who wrote `word`: the nearest that there is, null where none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  const best = closest(word, known);
  return distance(word, best) <= Math.max(2, word.length / 3) ? best : null;
}
