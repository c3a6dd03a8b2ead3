import { Type } from "@sinclair/typebox";

const LIMIT_MAX = 1_000;

export const limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: 100 }),
);
export const cursor = Type.Optional(
  Type.String({
    pattern: "^\\d{1,16}(\\.\\d{1,16}){0,2}$",
    title: "the `next` of the page before",
  }),
);

const next = Type.Union([Type.String(), Type.Null()], {
  description: "cursor of the next page, null on the last",
});

/** What all answers in pages say of themselves. */
export const pageMetadata = {
  from: Type.Integer({ description: "ms since 1970" }),
  to: Type.Integer({ description: "ms since 1970, not included" }),
  returned: Type.Integer(),
  next,
};
