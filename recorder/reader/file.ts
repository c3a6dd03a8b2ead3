import { Failure } from "../../shared/failure.js";
import type { History } from "./history.js";

/**
 * The history in a file: a copy, or that of a recorder which does not run. It is read, and never changed.
 * @throws Failure where there is none, or it is of another version
 */
export function openHistoryFile(path: string): History & Disposable {
  throw new Failure(`Cannot open database '${path}': must be readable`);
}
