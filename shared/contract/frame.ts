import { inspect } from "node:util";
import {
  type Static,
  type TObject,
  type TSchema,
  Type,
} from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler } from "@sinclair/typebox/compiler";
import { Packr, Unpackr } from "msgpackr";
import { CAUSES } from "./cause.js";
import { EVENTS } from "./event.js";
import { isWellFormed } from "./msgpack.js";
import { field, RARE_FIELDS, type Row, ROW_FIELDS } from "./row.js";
import { READINGS, STATES } from "./state.js";

/**
 * The most frames a run can have sent: a burst and 100 frames/s since its process began, four times a controller's
 * rate. A frame with a higher seq is refused: it would open a gap of that many frames.
 */
const FRAMES_A_SECOND = 100;
const BURST = 10_000;

/** 22 years at that rate. */
export const SEQ_MAX = 2 ** 36;

/** A century. */
const MONO_MAX = 2 ** 42;

/** The year 2248. */
const AT_MAX = 2 ** 43;

/** The highest seq a run can have reached `monoMs` after its process began. */
const lastSeqAt = (monoMs: number): number =>
  BURST + Math.floor((monoMs * FRAMES_A_SECOND) / 1e3);

/** A frame of an unknown version may lack `mono`. */
const isReachable = ({ seq, mono }: { seq: number; mono?: unknown }) =>
  typeof mono !== "number" || seq <= lastSeqAt(mono);

/**
 * Changes only when a meaning changes or a code is added. Readers accept this version and the one before.
 * 2: another cause, and numbers for a cut. 3: events for the conditions of a line.
 */
export const FRAME_VERSION = 3;

/** Largest frame, bytes; a larger one is refused. wanctl's own frames are far smaller. */
export const FRAME_BYTES_MAX = 65_536;

export const WAN_NAME = /^[a-z][a-z0-9-]{0,30}$/;

const integer = (minimum: number, maximum: number) =>
  Type.Integer({ minimum, maximum });
const oneOf = <T extends readonly string[]>(values: T) =>
  Type.Union(values.map((value) => Type.Literal(value))) as TSchema & {
    static: T[number];
  };

const HEADER = {
  v: integer(FRAME_VERSION - 1, FRAME_VERSION),
  source: Type.String({ pattern: WAN_NAME.source }),
  boot: Type.String({ pattern: "^[0-9a-f]{16}$" }),
  seq: integer(1, SEQ_MAX),
  at: integer(0, AT_MAX),
  mono: integer(0, MONO_MAX),
};

const CODE_LIMITS: Readonly<Record<string, number>> = {
  reading: READINGS.length - 1,
  stateDownload: STATES.length - 1,
  stateUpload: STATES.length - 1,
  causeDownload: CAUSES.length - 1,
  causeUpload: CAUSES.length - 1,
};

/** 2^40: over twelve days in µs, over a Tbit/s in kbit/s. */
const VALUE_MAX = 2 ** 40;

const rowSchema = Object.fromEntries(
  ROW_FIELDS.map((name) => {
    const { signed, nullMeans } = field(name);
    const value = integer(
      signed ? -VALUE_MAX : 0,
      CODE_LIMITS[name] ?? VALUE_MAX,
    );
    return [
      name,
      nullMeans === undefined ? value : Type.Union([value, Type.Null()]),
    ];
  }),
);

const detail = Type.Record(
  Type.String({ maxLength: 64 }),
  Type.Union([
    Type.String({ maxLength: 4096 }),
    Type.Number(),
    Type.Boolean(),
    Type.Null(),
  ]),
);

const TRANSITION = Type.Object({
  ...HEADER,
  kind: Type.Literal("transition"),
  direction: oneOf(["download", "upload"] as const),
  from: integer(0, STATES.length - 1),
  to: integer(0, STATES.length - 1),
  deltaUs: integer(-VALUE_MAX, VALUE_MAX),
  threshold: Type.String({ maxLength: 32 }),
  thresholdUs: integer(0, VALUE_MAX),
  reason: Type.String({ maxLength: 200 }),
});

const EVENT = Type.Object({
  ...HEADER,
  kind: Type.Literal("event"),
  event: oneOf(EVENTS),
  detail,
});

const CONFIG = Type.Object({
  ...HEADER,
  kind: Type.Literal("config"),
  trigger: oneOf(["start", "reload"] as const),
  config: Type.Record(Type.String(), Type.Unknown()),
});

const SAMPLE = Type.Object({
  ...HEADER,
  kind: Type.Literal("sample"),
  metric: Type.String({ pattern: "^wanctl_[a-z0-9_]{1,80}$" }),
  value: Type.Number(),
  labels: Type.Record(
    Type.String({ maxLength: 32 }),
    Type.String({ maxLength: 128 }),
  ),
});

type Header = {
  readonly [K in keyof typeof HEADER]: Static<(typeof HEADER)[K]>;
};
export type CycleFrame = Header & { readonly kind: "cycle" } & Row;
type TransitionFrame = Static<typeof TRANSITION>;
export type EventFrame = Static<typeof EVENT>;
export type ConfigFrame = Static<typeof CONFIG>;
export type SampleFrame = Static<typeof SAMPLE>;
export type Frame =
  CycleFrame | TransitionFrame | EventFrame | ConfigFrame | SampleFrame;
export type Kind = Frame["kind"];

/** A frame before its publisher has stamped it. */
type Unstamped<F> = F extends Frame ? Omit<F, keyof Header> : never;
export type Message = Unstamped<Frame>;

const shape = (
  schema: TObject,
): { keys: number; check: TypeCheck<TObject> } => ({
  keys: Object.keys(schema.properties).length,
  check: TypeCompiler.Compile(schema),
});

const SHAPES: Readonly<Record<Kind, ReturnType<typeof shape>>> = {
  cycle: shape(
    Type.Object({ ...HEADER, kind: Type.Literal("cycle"), ...rowSchema }),
  ),
  transition: shape(TRANSITION),
  event: shape(EVENT),
  config: shape(CONFIG),
  sample: shape(SAMPLE),
};

export const KINDS = Object.keys(SHAPES) as Kind[];

/** Identifies a frame: its source, run and seq. */
export type Identity = Pick<Header, "source" | "boot" | "seq">;

const { source, boot, seq } = HEADER;
const IDENTITY = TypeCompiler.Compile(Type.Object({ source, boot, seq }));

/** Why a frame was refused. */
export const FRAME_FAULTS = [
  "parts",
  "size",
  "msgpack",
  "version",
  "kind",
  "field",
  "topic",
  "ahead",
  "limit",
] as const;
export type FrameFault = (typeof FRAME_FAULTS)[number];

/** A refused frame, and why; `version`: from a newer wanctl. */
export class FrameError extends Error {
  override readonly name = "FrameError";
  readonly fault: FrameFault;
  /** Which frame it was; null if that cannot be read. */
  readonly identity: Identity | null;
  constructor(fault: FrameFault, message: string, value: unknown = null) {
    super(message);
    this.fault = fault;
    this.identity = IDENTITY.Check(value) && isReachable(value) ? value : null;
  }
}

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: "number",
});

/** The topic of a frame: `<source>/<kind>`. */
export const topicOf = (frame: Frame): string =>
  `${frame.source}/${frame.kind}`;

/** One msgpack map with spelled-out keys, without rare fields that are null. Integers beyond 32 bits are int64. */
export function encodeFrame(frame: Frame): Buffer {
  const wire: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(frame)) {
    if (value === null && RARE.has(key)) continue;
    const isLarge =
      typeof value === "number" &&
      Number.isInteger(value) &&
      Math.abs(value) > 0x7fff_ffff;
    wire[key] = isLarge ? BigInt(value) : value;
  }
  return packr.pack(wire);
}

const RARE: ReadonlySet<string> = new Set(RARE_FIELDS);

/** Rare fields that a cycle frame leaves out, or its older version lacks, become null. */
function fillIn(value: Record<string, unknown>): void {
  for (const name of RARE_FIELDS) value[name] ??= null;
}

/**
 * Decodes a frame from untrusted bytes.
 * @returns the frame, and its number of unknown keys
 * @throws FrameError if it is not a valid frame, and nothing else
 */
export function decodeFrame(bytes: Uint8Array): {
  frame: Frame;
  unknownKeys: number;
} {
  if (bytes.byteLength > FRAME_BYTES_MAX)
    throw new FrameError(
      "size",
      `Cannot read frame: at most ${FRAME_BYTES_MAX} bytes: got ${bytes.byteLength}`,
    );
  if (!isWellFormed(bytes))
    throw new FrameError(
      "msgpack",
      "Cannot read frame: must be one msgpack value",
    );
  const value = unpack(bytes);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FrameError("msgpack", "Cannot read frame: must be a map");
  const { v, kind } = value as { v?: unknown; kind?: unknown };
  if (typeof v === "number" && v > FRAME_VERSION)
    throw new FrameError(
      "version",
      `Cannot read frame 'v': at most ${FRAME_VERSION}: got ${v}`,
      value,
    );
  const known =
    typeof kind === "string" && Object.hasOwn(SHAPES, kind)
      ? SHAPES[kind as Kind]
      : undefined;
  if (known === undefined)
    throw new FrameError(
      "kind",
      `Cannot read frame 'kind': must be one of ${KINDS.join(", ")}: got ${show(kind)}`,
      value,
    );
  if (kind === "cycle") fillIn(value as Record<string, unknown>);
  if (!known.check.Check(value)) {
    const error = known.check.Errors(value).First();
    throw new FrameError(
      "field",
      `Cannot read frame '${error?.path ?? ""}': ${error?.message ?? ""}: got ${show(error?.value)}`,
      value,
    );
  }
  const frame = value as unknown as Frame;
  if (!isReachable(frame))
    throw new FrameError(
      "field",
      `Cannot read frame 'seq': at most ${lastSeqAt(frame.mono)} when 'mono' is ${frame.mono}: got ${frame.seq}`,
    );
  return {
    frame,
    unknownKeys: Object.keys(value).length - known.keys,
  };
}

function unpack(bytes: Uint8Array): unknown {
  try {
    return unpackr.unpack(bytes);
  } catch (cause) {
    throw new FrameError(
      "msgpack",
      `Cannot read frame: ${cause instanceof Error ? cause.message : "bad msgpack"}`,
    );
  }
}

const show = (value: unknown): string => inspect(value).slice(0, 60);
