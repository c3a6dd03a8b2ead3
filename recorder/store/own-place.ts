import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { isWritableFolder } from "../../shared/runtime/paths.js";

/** What to do, as a command, so that this process may write the database at `path`. */
export function commandToOwn(path: string): string {
  const folder = dirname(path);
  const user = me();
  if (!existsSync(folder)) return `install -d -o ${user} ${quoted(folder)}`;
  const places = isWritableFolder(folder) ? [] : [quoted(folder)];
  // the log and the index of SQLite stand beside it
  if (existsSync(path)) places.push(`${quoted(path)}*`);
  return `chown ${user}: ${places.join(" ")}`;
}

function me(): string {
  try {
    return userInfo().username;
  } catch {
    // not every user has a name
    return String(process.getuid?.());
  }
}

/** For a shell. */
const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
