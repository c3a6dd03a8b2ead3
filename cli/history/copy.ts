import {
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { History } from "../../recorder/query/history.js";
import { openHistoryFile } from "../../recorder/query/reader.js";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { isHeld, nameOfOwner } from "../../shared/runtime/lock.js";
import { isWritableFolder } from "../../shared/runtime/paths.js";

/**
 * The history in a file that no recorder writes. If its folder is not writable, as SQLite needs, the file and its log
 * are copied to a temporary folder first. @throws Failure
 */
export async function openCopy(
  path: string,
  say: (words: string) => void,
): Promise<History & Disposable> {
  const real = existsSync(path) ? realpathSync(path) : path;
  for (const name of new Set([resolve(path), real]))
    if (await isHeld(nameOfOwner("recorder", name)))
      throw new Failure(
        `Cannot open database '${path}': must not be in use by a recorder: omit --db to ask the recorder`,
      );
  if (!existsSync(path) || isWritableFolder(dirname(real)))
    return openHistoryFile(path);
  return openAside(real, say);
}

function openAside(
  path: string,
  say: (words: string) => void,
): History & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-history-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const aside = join(folder, "metrics.db");
  say(`'${dirname(path)}' cannot be written: reading a copy in '${folder}'`);
  try {
    for (const part of ["", "-wal"].filter((end) => existsSync(path + end)))
      copyFileSync(path + part, aside + part, constants.COPYFILE_FICLONE);
    const history = openHistoryFile(aside);
    return {
      ...history,
      [Symbol.dispose]() {
        history[Symbol.dispose]();
        remove();
      },
    };
  } catch (error) {
    remove();
    if (error instanceof Failure) throw error;
    throw new Failure(`Cannot copy database '${path}': ${reasonOf(error)}`);
  }
}
