import { type Process, start } from "./namespace.js";

/** Somebody on the server who answers handshakes, where they are tried. */
export const startListener = (): Process =>
  start("server", `${process.execPath} -e ${LISTENER}`);

/** Without blanks, for a command is split at them. */
const LISTENER = `require("net").createServer((s)=>s.on("error",()=>{})).listen(443)`;
