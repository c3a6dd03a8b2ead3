import { setImmediate } from "node:timers/promises";
import { systemClock } from "../../shared/runtime/clock.js";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { isDamage, passingCause } from "../store/connection.js";
import { openReadable } from "../store/readable.js";
import { openRecords } from "../store/records.js";
import type { History } from "./history.js";
import { type Library, openReader } from "./reader.js";

/**
 * The history in a file: a copy, or that of a recorder which does not run. It is read, and never changed.
 * @throws Failure where there is none, or it is of another version
 */
export function openHistoryFile(path: string): History & Disposable {
  const db = openReadable(path);
  const library: Library = {
    records: openRecords(db),
    async run(work, signal) {
      for (;;) {
        signal?.throwIfAborted();
        try {
          const { done, value } = work.next();
          if (done) return value;
        } catch (error) {
          if (!isDamage(error) && passingCause(error) === undefined)
            throw error;
          throw new Failure(`Cannot read '${path}': got ${reasonOf(error)}`);
        }
        // a promise alone would leave no turn to the signal that ends it
        await setImmediate();
      }
    },
  };
  return {
    ...openReader(library, systemClock),
    [Symbol.dispose]: () => void db.close(),
  };
}
