import { Type } from "@sinclair/typebox";
import { causeInWords } from "../../../shared/contract/cause.js";
import { eachDirection } from "../../../shared/contract/direction.js";
import type { CycleFrame } from "../../../shared/contract/frame.js";
import { field, ROW_FIELDS } from "../../../shared/contract/row.js";
import { READINGS, STATES } from "../../../shared/contract/state.js";
import { type Clock, msSince } from "../../../shared/runtime/clock.js";
import { type Present, STALE_AFTER_MS, type WanNow } from "../present.js";
import { parameters } from "../query.js";
import { route, type Route } from "../route.js";

const nullable = (
  schema: ReturnType<typeof Type.String | typeof Type.Object>,
) => Type.Union([schema, Type.Null()]);

const side = Type.Object({
  state: Type.String({ description: STATES.join(", ") }),
  why: Type.String({ description: "why the wanted rate is what it is" }),
});

const values = Type.Object(
  Object.fromEntries(
    ROW_FIELDS.map((name) => {
      const { unit, means, nullMeans } = field(name);
      const doc = { description: `${means} (${unit})` };
      return [
        name,
        nullMeans === undefined
          ? Type.Integer(doc)
          : Type.Union([Type.Integer(), Type.Null()], doc),
      ];
    }),
  ),
);

const now = Type.Object({
  wan: Type.String(),
  boot: Type.String({ description: "which run of its controller" }),
  seq: Type.Integer({ description: "the newest frame of this run" }),
  at: Type.Union([Type.Integer(), Type.Null()], {
    description: "when the last cycle was sent, ms since 1970",
  }),
  ageMs: Type.Integer({ description: "since the last frame came" }),
  isLive: Type.Boolean({ description: "the last frame came within 10 s" }),
  hasStopped: Type.Boolean({
    description: "its controller said that it stops",
  }),
  isRouterUp: Type.Union([Type.Boolean(), Type.Null()], {
    description: "as its controller last said, null where it has not",
  }),
  reading: nullable(Type.String({ description: READINGS.join(", ") })),
  download: nullable(side),
  upload: nullable(side),
  values: nullable(values),
});

/** Each WAN as its last frame left it; from memory. */
export const wansRoute = (present: Present, clock: Clock): Route =>
  route({
    path: "/api/v1/wans",
    doc: "Each WAN as it is now",
    query: parameters({}),
    answers: {
      200: {
        doc: "all that were heard since the recorder started; how they were last, where `isLive` is false",
        schema: Type.Object({
          data: Type.Array(now),
          metadata: Type.Object({ at: Type.Integer() }),
        }),
      },
    },
    answer: () => ({
      data: present
        .all()
        .map((each) => shown(each, msSince(each.heardAt, clock.mono()))),
      metadata: { at: clock.wall() },
    }),
  });

function shown(
  { wan, boot, lastSeq, cycle, hasStopped, isRouterUp }: WanNow,
  ageMs: number,
) {
  return {
    wan,
    boot,
    seq: lastSeq,
    at: cycle?.at ?? null,
    ageMs: Math.round(ageMs),
    isLive: ageMs <= STALE_AFTER_MS,
    hasStopped,
    isRouterUp,
    reading: cycle && (READINGS[cycle.reading] ?? null),
    ...(cycle === null ? { download: null, upload: null } : inWords(cycle)),
    values:
      cycle &&
      Object.fromEntries(ROW_FIELDS.map((name) => [name, cycle[name]])),
  };
}

const inWords = (cycle: CycleFrame) =>
  eachDirection((direction) => {
    const Direction = direction === "download" ? "Download" : "Upload";
    return {
      state: STATES[cycle[`state${Direction}`]],
      why: causeInWords(cycle, direction),
    };
  });
