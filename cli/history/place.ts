import { Failure } from "../../shared/failure.js";
import { runFolder } from "../../shared/paths.js";
import type { HistoryOptions } from "./question.js";
import { openRemote, type Past } from "./remote.js";

/** Where the history is asked: a file, another host, or the recorder of this one. @throws Failure */
export async function openPlace({
  db,
  url,
  runDir,
}: HistoryOptions): Promise<Past & AsyncDisposable> {
  if (db !== undefined) {
    const { openCopy } = await import("./copy.js");
    return openCopy(db);
  }
  if (url !== undefined) return { ...openRemote(addressOf(url)), ...nothing };
  const { recorderApi } = runFolder(runDir);
  return {
    ...openRemote({
      name: `the recorder at '${recorderApi}'`,
      socketPath: recorderApi,
      url: new URL("http://localhost/"),
    }),
    ...nothing,
  };
}

const nothing = { [Symbol.asyncDispose]: () => Promise.resolve() };

function addressOf(text: string) {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Failure(
      `Cannot read --url '${text}': must be like http://127.0.0.1:9101`,
    );
  if (url.username !== "" || url.password !== "")
    throw new Failure(
      `Cannot read --url '${url.host}': must hold no name or password: the token comes from WANCTL_TOKEN`,
    );
  const token = process.env["WANCTL_TOKEN"];
  return {
    name: `the recorder at '${url.origin}'`,
    url,
    ...(token === undefined ? {} : { token }),
  };
}
