import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { Type } from "@sinclair/typebox";
import type { FastifyReply } from "fastify";
import { HttpError } from "../errors.js";
import { parameters } from "../query.js";
import { route, type Route } from "../route.js";

const ROOT = new URL("../../../", import.meta.url);

/** Files of others, where they are; ours are beside this one, as the build leaves them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "page/charts/uplot.js": "uPlot.esm.js",
  "page/uplot.css": "uPlot.min.css",
};

/** What the page loads: `page/main.js`, and what follows from its imports. */
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

/** A module and all that it imports, by their paths below {@link ROOT}; what others made imports nothing of ours. */
function loadedBy(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  if (name in ELSEWHERE) return seen;
  const text = readFileSync(new URL(name, ROOT), "utf8");
  for (const [, path = ""] of text.matchAll(/^import .*?"(\..+?)"/gms))
    loadedBy(posix.join(posix.dirname(name), path), seen);
  return seen;
}

/** Each file is read when it is first asked for, and kept. */
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
