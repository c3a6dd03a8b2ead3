import { openHistoryFile } from "../../recorder/reader/file.js";
import type { Past } from "./remote.js";

export function openCopy(path: string): Past & AsyncDisposable {
  const file = openHistoryFile(path);
  return {
    series: (signal) => file.series(signal),
    range: (query, signal) => file.range(query, signal),
    summary: (query, signal) => file.summary(query, signal),
    events: (query, signal) => file.events(query, signal),
    [Symbol.asyncDispose]: () => {
      file[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}
