import { nameOfOwner, openLock } from "../../shared/runtime/lock.js";
import { identityOf } from "./identity.js";

/**
 * Nobody else writes to the database for as long as this is held, by whatever path: links are followed, and a file that
 * is there is known by its number, for it may have two names. @throws Failure where somebody holds it
 */
export async function lockDatabase(
  path: string,
  whose = `the recorder for '${path}'`,
  rule?: string,
): Promise<AsyncDisposable> {
  const name = await openLock(nameOfOwner("recorder", path), whose, rule);
  const identity = identityHere(path);
  if (identity === "") return name;
  try {
    const file = await openLock(`recorder-file:${identity}`, whose, rule);
    return {
      async [Symbol.asyncDispose]() {
        await file[Symbol.asyncDispose]();
        await name[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await name[Symbol.asyncDispose]();
    throw error;
  }
}

/** What cannot be looked at cannot be opened either, and that is said then. */
function identityHere(path: string): string {
  try {
    return identityOf(path);
  } catch {
    return "";
  }
}
