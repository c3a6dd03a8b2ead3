import type { Parts } from "./api/api.js";
import type { HttpConfig } from "./http-config.js";

const NOTHING: AsyncDisposable = {
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Serves HTTP where that is wished; what it takes is loaded only then. @throws Failure where the address cannot be had */
export async function openHttp(
  config: HttpConfig | null,
  parts: Parts,
): Promise<AsyncDisposable> {
  if (config === null) return NOTHING;
  const { openApi } = await import("./api/api.js");
  const server = await openApi(config, parts);
  parts.log.info("serving", { url: server.url });
  return server;
}
