import { sseReader, type StreamEvent } from "./sse.js";
import type { Token } from "./token.js";

/** Result of a request. */
export type ApiReply<T> =
  | { readonly kind: "answer"; readonly body: T }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "unreachable" };

/** The recorder that serves this page. */
export interface Api {
  get<T>(
    path: string,
    query: URLSearchParams,
    signal?: AbortSignal,
  ): Promise<ApiReply<T>>;
  /** Passes on events until the stream ends, for any reason; calls `begun` once it is connected. */
  stream(
    path: string,
    begun: () => void,
    hear: (event: StreamEvent) => void,
  ): Promise<ApiReply<null>>;
}

/** The recorder sends something every 15 s; a stream silent for longer than this is dead. */
const SILENCE_MS = 40_000;

function request(
  url: string,
  token: string | null,
  signal?: AbortSignal,
): Promise<Response> {
  const headers: HeadersInit =
    token === null ? {} : { authorization: `Bearer ${token}` };
  return fetch(url, { headers, cache: "no-store", signal: signal ?? null });
}

/** Only a 401 means that the token is wrong; an unreachable recorder does not. */
const isRight = (token: string): Promise<boolean> =>
  request("health", token).then(
    ({ status }) => status !== 401,
    () => true,
  );

/** @param token the user is asked for it when the recorder answers 401 */
export function openClient(token: Token): Api {
  async function ask(url: string, signal?: AbortSignal): Promise<Response> {
    for (;;) {
      await token.settled();
      const given = token.given();
      const response = await request(url, given, signal);
      if (response.status !== 401) return response;
      await token.renew(given, isRight);
    }
  }

  return {
    // answers come from our own recorder and are not validated
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
    async get<T>(path: string, query: URLSearchParams, signal?: AbortSignal) {
      try {
        const response = await ask(`${path}?${query}`, signal);
        const body = (await response.json()) as T | { error: string };
        if (typeof body === "object" && body !== null && "error" in body)
          return { kind: "refused", message: body.error };
        return { kind: "answer", body };
      } catch (error) {
        return failed(error);
      }
    },
    async stream(path, begun, hear) {
      const silence = new AbortController();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const alive = () => {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
      };
      try {
        const response = await ask(path, silence.signal);
        if (!response.ok || response.body === null) {
          const { error } = (await response.json()) as { error: string };
          return { kind: "refused", message: error };
        }
        begun();
        const read = sseReader();
        const text = response.body.pipeThrough(new TextDecoderStream());
        const reader = text.getReader();
        for (;;) {
          alive();
          const { done, value } = await reader.read();
          if (done) return { kind: "answer", body: null };
          read(value).forEach(hear);
        }
      } catch (error) {
        return failed(error);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** An unparsable answer did not come from a recorder; any other failure is a connection failure. */
const failed = (error: unknown): ApiReply<never> =>
  error instanceof SyntaxError
    ? { kind: "refused", message: "Cannot read the answer: must be JSON" }
    : { kind: "unreachable" };
