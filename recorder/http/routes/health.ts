import { type TSchema, Type } from "@sinclair/typebox";
import type { Health } from "../../../shared/runtime/health.js";
import { parameters } from "../query.js";
import { route, type Route } from "../route.js";

const health = Type.Object({
  status: Type.Union([Type.Literal("fine"), Type.Literal("degraded")]),
  reasons: Type.Array(Type.String()),
  recorder: Type.Record(Type.String(), Type.Unknown()),
  silent: Type.Array(Type.Record(Type.String(), Type.Unknown()), {
    description: "controllers that fell silent without announcing a stop",
  }),
  sources: Type.Array(Type.Record(Type.String(), Type.Unknown())),
});

/** The health of the recorder, the same as on its Unix socket. */
export const healthRoute = (look: () => Health): Route =>
  route({
    path: "/health",
    doc: "Health of the recorder, the same as on its Unix socket",
    query: parameters({}),
    answers: {
      200: { doc: "fine", schema: health },
      503: { doc: "degraded, and why", schema: health },
    },
    answer(_, reply) {
      const found = look();
      reply.code(found.status === "fine" ? 200 : 503);
      return found;
    },
  });

const failure = Type.Object({
  error: Type.String({ description: "what is wrong, for people" }),
  route: Type.Optional(Type.String()),
  parameter: Type.Optional(Type.String()),
  rule: Type.Optional(Type.String()),
  value: Type.Optional(Type.Unknown()),
});

const json = (description: string, schema: TSchema) => ({
  description,
  content: { "application/json": { schema } },
});

/** Error answers of every route. */
const FAILURES: Readonly<Record<string, unknown>> = {
  400: json("a parameter is invalid or unknown", failure),
  401: json("the token is missing or wrong", failure),
  403: json(
    "the Host header is a name other than localhost, and no token is configured",
    failure,
  ),
  413: json("the request had a body", failure),
  414: json("the URL is too long", failure),
  429: json("too many requests", failure),
};

/** The OpenAPI description of the other routes, from the schemas that validate them. */
export const openapiRoute = (others: readonly Route[]): Route => {
  const text = JSON.stringify(describe(others), null, 2);
  return route({
    path: "/api/v1/openapi.json",
    doc: "This description, as OpenAPI 3.1",
    query: parameters({}),
    answers: { 200: { doc: "an OpenAPI document", schema: Type.Object({}) } },
    answer: (_, reply) => reply.type("application/json").send(text),
  });
};

function describe(routes: readonly Route[]): object {
  return {
    openapi: "3.1.0",
    info: { title: "wanctl recorder", version: "1", license: { name: "MIT" } },
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
    security: [{}, { token: [] }],
    paths: Object.fromEntries(
      routes.map((each) => [each.path, { get: operation(each) }]),
    ),
  };
}

function operation({ path, doc, query, answers }: Route): object {
  return {
    operationId: path.replace(/\W+/g, "_").replace(/^_|_$/g, ""),
    summary: doc,
    parameters: Object.entries(query.properties).map(([name, schema]) => ({
      name,
      in: "query",
      required: query.required?.includes(name) ?? false,
      schema,
    })),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, { doc, type, schema }]) => [
          status,
          {
            description: doc,
            content: { [type ?? "application/json"]: { schema } },
          },
        ]),
      ),
      ...FAILURES,
    },
  };
}
