import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Type } from "@sinclair/typebox";
import type { FastifyReply } from "fastify";
import { HttpError } from "./errors.js";
import { parameters } from "./query.js";
import { route, type Route } from "./route.js";

/** What the page is made of, each at `/assets/` and its name: these and nothing else. */
export const MODULES = [
  "page/align.js",
  "page/api.js",
  "page/board.js",
  "page/clock.js",
  "page/clusters.js",
  "page/event-words.js",
  "page/finds.js",
  "page/follow.js",
  "page/health.js",
  "page/history.js",
  "page/ink.js",
  "page/limits.js",
  "page/link.js",
  "page/live.js",
  "page/main.js",
  "page/marks.js",
  "page/now.js",
  "page/pace.js",
  "page/parts.js",
  "page/plot.js",
  "page/rate-plot.js",
  "page/rtt-plot.js",
  "page/series.js",
  "page/shades.js",
  "page/span.js",
  "page/sse.js",
  "page/state-plot.js",
  "page/tally.js",
  "page/theme.js",
  "page/token.js",
  "page/toolbar.js",
  "page/touch.js",
  "page/uplot.js",
  "page/wan-charts.js",
  "page/wan-data.js",
  "page/words.js",
  "page/worst.js",
  "shared/contract/cause.js",
  "shared/contract/direction.js",
  "shared/contract/event.js",
  "shared/contract/row.js",
  "shared/contract/state.js",
  "shared/contract/units.js",
] as const;
const SHEETS = ["page/page.css", "page/uplot.css"] as const;
const DOCUMENT = "page/index.html";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

/** Files of others, where they are; ours are beside this one, as the build leaves them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "page/uplot.js": "uPlot.esm.js",
  "page/uplot.css": "uPlot.min.css",
};

interface Asset {
  readonly type: string;
  readonly tag: string;
  readonly bytes: Buffer;
}

/** The page and what it loads. Neither tells anything, so both are served without the token; their data are not. */
export function pageRoutes(): readonly Route[] {
  const read = openAssets();
  const answers = (type: string) => ({
    200: { doc: "a file", type, schema: Type.String() },
    304: { doc: "it is still the same", type, schema: Type.String() },
  });
  return [
    route({
      path: "/",
      doc: "The page for people: the lines now, and their history",
      isPublic: true,
      query: parameters({}),
      answers: answers("text/html"),
      answer: (_, reply) => send(reply, read(DOCUMENT)),
    }),
    route({
      path: "/assets/*",
      doc: "Scripts and styles of the page",
      isPublic: true,
      query: parameters({}),
      answers: answers("text/javascript"),
      answer: (_, reply) => send(reply, read(nameIn(reply))),
    }),
  ];
}

/** A browser finds out what a module loads when it has it: told of all, it asks for all at once. */
const PRELOADS = MODULES.map(
  (name) => `    <link rel="modulepreload" href="assets/${name}" />\n`,
).join("");

/** A proxy may serve us as a folder: without the slash at the end of its name the page would look for its parts beside it. */
const FOLDER_SCRIPT =
  'if(!location.pathname.endsWith("/"))location.replace(location.pathname+"/"+location.search+location.hash)';

/** By which the browser is told that this one script may stand in the document. */
export const FOLDER_SCRIPT_HASH = `sha256-${createHash("sha256").update(FOLDER_SCRIPT).digest("base64")}`;

/** Each file is read when it is first asked for, and kept. */
function openAssets(): (name: string) => Asset {
  const assets = new Map<string, Asset>();
  const root = new URL("../../", import.meta.url);
  const place = (name: string) => {
    const other = ELSEWHERE[name];
    return other === undefined
      ? new URL(name, root)
      : new URL(other, import.meta.resolve("uplot"));
  };
  return (name) => {
    const known = assets.get(name);
    if (known !== undefined) return known;
    const file = readFileSync(place(name));
    const bytes =
      name === DOCUMENT
        ? Buffer.from(
            file
              .toString()
              .replace(
                "<head>",
                `<head>\n    <script>${FOLDER_SCRIPT}</script>`,
              )
              .replace("  </head>", `${PRELOADS}  </head>`),
          )
        : file;
    const asset = {
      type: TYPES[name.split(".").at(-1) ?? ""] ?? "application/octet-stream",
      tag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
      bytes,
    };
    assets.set(name, asset);
    return asset;
  };
}

function nameIn({ request }: FastifyReply): string {
  const { "*": name = "" } = request.params as { "*"?: string };
  if ([...MODULES, ...SHEETS].some((known) => known === name)) return name;
  throw new HttpError(
    404,
    `Cannot find '/assets/${name.slice(0, 80)}': no part of the page`,
  );
}

/** A browser keeps it, and asks each time whether it is still the same. */
function send(reply: FastifyReply, { type, tag, bytes }: Asset): FastifyReply {
  reply.type(type).headers({ "cache-control": "no-cache", etag: tag });
  return reply.request.headers["if-none-match"] === tag
    ? reply.code(304).send()
    : reply.send(bytes);
}
