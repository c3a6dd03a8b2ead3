import { readRows } from "./temporary.js";

/** Somebody who reads a database as another process: `node reading-process.js DB SQL` prints the rows. */
const [path = "", sql = ""] = process.argv.slice(2);
process.stdout.write(JSON.stringify(readRows(path, sql)));
