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
  why: Type.String({ description: "reason for the current wanted rate" }),
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
  boot: Type.String({ description: "boot id of the controller's run" }),
  seq: Type.Integer({
    description: "sequence number of the newest frame of this run",
  }),
  at: Type.Union([Type.Integer(), Type.Null()], {
    description: "when the last cycle was sent, ms since 1970",
  }),
  ageMs: Type.Integer({ description: "since the last frame was received" }),
  isLive: Type.Boolean({
    description: "the last frame was received within 10 s",
  }),
  hasStopped: Type.Boolean({
    description: "the controller has announced a stop",
  }),
  isRouterUp: Type.Union([Type.Boolean(), Type.Null()], {
    description: "as the controller last reported; null: not reported",
  }),
  reading: nullable(Type.String({ description: READINGS.join(", ") })),
  download: nullable(side),
  upload: nullable(side),
  values: nullable(values),
});

/** The state of each WAN as of its last frame, from memory. */
export const wansRoute = (present: Present, clock: Clock): Route =>
  route({
    path: "/api/v1/wans",
    doc: "Current state of each WAN",
    query: parameters({}),
    answers: {
      200: {
        doc: "all WANs heard since the recorder started; last known state if `isLive` is false",
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
