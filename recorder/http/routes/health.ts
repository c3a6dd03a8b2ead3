import { type TSchema, Type } from "@sinclair/typebox";
import type { Health } from "../../../shared/runtime/health.js";
import { parameters } from "../query.js";
import { route, type Route } from "../route.js";

const health = Type.Object({
  status: Type.Union([Type.Literal("fine"), Type.Literal("degraded")]),
  reasons: Type.Array(Type.String()),
  recorder: Type.Record(Type.String(), Type.Unknown()),
  silent: Type.Array(Type.Record(Type.String(), Type.Unknown()), {
    description:
      "controllers of which nothing is heard though they did not say that they stop",
  }),
  sources: Type.Array(Type.Record(Type.String(), Type.Unknown())),
});

/** How the recorder is: the same as at its Unix socket. */
export const healthRoute = (look: () => Health): Route =>
  route({
    path: "/health",
    doc: "How the recorder is; as at its Unix socket",
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

/** What every route may answer. */
const FAILURES: Readonly<Record<string, unknown>> = {
  400: json("a parameter that cannot be read, or is not known", failure),
  401: json("the token is missing or wrong", failure),
  403: json("asked by a host name, without a token", failure),
  413: json("the request had a body", failure),
  414: json("the address is too long", failure),
  429: json("too many requests", failure),
};

/** The description of the others, made of the schemas that they check with. */
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
