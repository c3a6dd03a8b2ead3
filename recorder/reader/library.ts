import { type Clock, since } from "../../shared/runtime/clock.js";
import { Failure } from "../../shared/runtime/failure.js";
import type { Store } from "../store/store.js";
import type { Pieces } from "./read.js";
import type { Library } from "./reader.js";
import { openTurns } from "./turns.js";

/** One turn of reading takes so long, and one piece more. */
const TURN_MS = 10;

/** The database of a recorder that runs: read in turns, for it has other work. */
export function libraryOf(
  store: Pick<Store, "records" | "tend">,
  clock: Clock,
): Library {
  const turns = openTurns(clock);
  const never = new AbortController().signal;

  /** The result, boxed; null where there is more to do. */
  function turn<T>(work: Pieces<T>): { readonly value: T } | null {
    const begun = clock.mono();
    do {
      const { done, value } = work.next();
      if (done) return { value };
    } while (since(begun, clock.mono()) < TURN_MS);
    return null;
  }

  return {
    get records() {
      return store.records;
    },
    async run<T>(work: Pieces<T>, signal = never): Promise<T> {
      let begunWith: Store["records"] | null = null;
      for (;;) {
        const found = await turns.take(
          () =>
            store.tend(() => {
              begunWith ??= store.records;
              if (begunWith !== store.records)
                throw new Failure(
                  "Cannot read the history on: its file was replaced: ask again",
                );
              return turn(work);
            }),
          signal,
        );
        if (found === null) continue;
        if ("value" in found) return found.value;
        throw new Failure(`Cannot read the history: ${found.cause}`);
      }
    },
  };
}
