import type { RangeQuery, Span } from "../../recorder/query/history.js";
import type {
  HistoryEvent,
  RangeAnswer,
} from "../../shared/contract/history.js";
import { Failure } from "../../shared/runtime/failure.js";
import { runFolder } from "../../shared/runtime/paths.js";
import type { HistoryOptions } from "./question.js";
import { type Address, openRemote, type Past } from "./remote.js";

/** Opens the history: from a file, from another host, or from this host's recorder. @throws Failure */
export async function openPlace(
  { db, url, runDir }: HistoryOptions,
  say: (words: string) => void,
): Promise<Past & Disposable> {
  if (db !== undefined) {
    const { openCopy } = await import("./copy.js");
    return openCopy(db, say);
  }
  const address = url === undefined ? socketIn(runDir) : addressOf(url);
  return { ...openRemote(address), [Symbol.dispose]: () => {} };
}

function socketIn(runDir: string | undefined): Address {
  const socketPath = runFolder(runDir).recorderApi;
  return {
    name: `the recorder at '${socketPath}'`,
    socketPath,
    url: new URL("http://localhost/"),
  };
}

function addressOf(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Failure(
      `Cannot read --url '${text}': must be like http://127.0.0.1:9101`,
    );
  if (url.username !== "" || url.password !== "")
    throw new Failure(
      `Cannot read --url of '${url.host}': must not have a user name or password: the token is taken from WANCTL_TOKEN`,
    );
  // requests go to paths below it: the root of a host, or a folder of a proxy
  const folder = new URL(`${url.origin}${url.pathname.replace(/\/*$/, "/")}`);
  const token = process.env["WANCTL_TOKEN"] || undefined;
  return {
    name: `the recorder at '${folder.href.replace(/\/$/, "")}'`,
    url: folder,
    ...(token === undefined ? {} : { token }),
  };
}

/** All pages of a range, in order of time. */
export async function* rangePages(
  past: Past,
  query: RangeQuery,
  signal: AbortSignal,
): AsyncGenerator<RangeAnswer> {
  let cursor: string | undefined;
  do {
    const answer = await past.range({ ...query, cursor }, signal);
    yield answer;
    cursor = answer.metadata.next ?? undefined;
  } while (cursor !== undefined);
}

const PAGE = 1_000;

/** The newest events of a range, at most `most`, oldest first; and whether these are all. */
export async function newestEvents(
  past: Past,
  span: Span,
  most: number,
  signal: AbortSignal,
): Promise<{
  readonly events: readonly HistoryEvent[];
  readonly isAll: boolean;
}> {
  const events: HistoryEvent[] = [];
  let cursor: string | undefined;
  do {
    const limit = Math.min(PAGE, most - events.length);
    const { data, metadata } = await past.events(
      { ...span, limit, cursor },
      signal,
    );
    events.push(...data);
    cursor = metadata.next ?? undefined;
  } while (cursor !== undefined && events.length < most);
  return { events: events.reverse(), isAll: cursor === undefined };
}
