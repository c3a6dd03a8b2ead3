import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { Type } from "@sinclair/typebox";
import type { FastifyReply } from "fastify";
import { HttpError } from "../errors.js";
import { parameters } from "../query.js";
import { route, type Route } from "../route.js";

const ROOT = new URL("../../../", import.meta.url);

/** Third-party files, in the uplot package; our own are in the build output. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "page/charts/uplot.js": "uPlot.esm.js",
  "page/uplot.css": "uPlot.min.css",
};

/** The modules of the page: `page/main.js` and its transitive imports. */
export const MODULES = [...loadedBy("page/main.js")].sort();
const SHEETS = ["page/page.css", "page/uplot.css"] as const;
const DOCUMENT = "page/index.html";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

interface Asset {
  readonly type: string;
  readonly tag: string;
  readonly bytes: Buffer;
}

/** The page and its assets. They contain no data and are served without the token; the data are not. */
export function pageRoutes(): readonly Route[] {
  const read = openAssets();
  const answers = (type: string) => ({
    200: { doc: "a file", type, schema: Type.String() },
    304: { doc: "not modified", type, schema: Type.String() },
  });
  return [
    route({
      path: "/",
      doc: "The web page: current state and history of the WANs",
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

/** Preload links let the browser fetch all modules at once, instead of one import level after the other. */
const PRELOADS = MODULES.map(
  (name) => `    <link rel="modulepreload" href="assets/${name}" />\n`,
).join("");

/** Behind a proxy under a path prefix, the page needs a trailing slash for its relative URLs. */
const FOLDER_SCRIPT =
  'if(!location.pathname.endsWith("/"))location.replace(location.pathname+"/"+location.search+location.hash)';

/** Allows this inline script in the Content-Security-Policy. */
export const FOLDER_SCRIPT_HASH = `sha256-${createHash("sha256").update(FOLDER_SCRIPT).digest("base64")}`;

/** A module and its transitive imports, as paths below {@link ROOT}; third-party modules are not followed. */
function loadedBy(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  if (name in ELSEWHERE) return seen;
  const text = readFileSync(new URL(name, ROOT), "utf8");
  for (const [, path = ""] of text.matchAll(/^import .*?"(\..+?)"/gms))
    loadedBy(posix.join(posix.dirname(name), path), seen);
  return seen;
}

/** Files are read on first request and cached. */
function openAssets(): (name: string) => Asset {
  const assets = new Map<string, Asset>();
  const place = (name: string) => {
    const other = ELSEWHERE[name];
    return other === undefined
      ? new URL(name, ROOT)
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
    `Cannot find '/assets/${name.slice(0, 80)}': not part of the page`,
  );
}

/** The browser caches the file and revalidates it with each request. */
function send(reply: FastifyReply, { type, tag, bytes }: Asset): FastifyReply {
  reply.type(type).headers({ "cache-control": "no-cache", etag: tag });
  return reply.request.headers["if-none-match"] === tag
    ? reply.code(304).send()
    : reply.send(bytes);
}
