import { nameOfOwner, openLock } from "../../shared/lock.js";

/** Nobody else writes to the database for as long as this is held. @throws Failure where somebody holds it */
export const lockDatabase = (
  path: string,
  whose = `the recorder for '${path}'`,
  rule?: string,
): Promise<AsyncDisposable> =>
  openLock(nameOfOwner("recorder", path), whose, rule);
