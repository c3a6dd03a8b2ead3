import { type Static, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { Packr, Unpackr } from "msgpackr";
import { SEQ_MAX, WAN_NAME } from "../contract/frame.js";
import { isWellFormed } from "../contract/msgpack.js";
import { KEPT_MINUTES_MAX } from "./ring.js";

/** Changes only when a meaning changes. */
export const SYNC_VERSION = 1;

/** How many frames the recorder asks for at once. */
export const WANT_MAX = 500;

const v = Type.Literal(SYNC_VERSION);
const source = Type.String({ pattern: WAN_NAME.source });
/** One run of one process. */
export const BOOT = Type.String({ pattern: "^[0-9a-f]{16}$" });
const seq = Type.Integer({ minimum: 1, maximum: SEQ_MAX });

/** Frames are kept for some time, and no run sends more than a hundred a second. */
const HELD_MAX = KEPT_MINUTES_MAX * 60 * 100;

/** Hellos are the longest: 16 runs. */
const HEAD_BYTES_MAX = 4_096;

/**
 * A source says what it still holds, once a second. `leaving`: it waits for its last frames to be committed before it
 * ends, so it would rather not wait for the recorder's next second.
 */
const HELLO = Type.Object({
  v,
  kind: Type.Literal("hello"),
  source,
  held: Type.Array(Type.Object({ boot: BOOT, first: seq, last: seq }), {
    maxItems: 16,
  }),
  leaving: Type.Boolean(),
});

/** The recorder's answer, one per run held: every seq up to `committed` is stored or never will be; `want` is asked for. */
const STATE = Type.Object({
  v,
  kind: Type.Literal("state"),
  boot: BOOT,
  committed: Type.Integer({ minimum: 0, maximum: SEQ_MAX }),
  want: Type.Union([Type.Object({ from: seq, to: seq }), Type.Null()]),
});

/** The head of a slice of old frames: the first is `from`, the others follow. `done`: the last slice of this answer. */
const RESEND = Type.Object({
  v,
  kind: Type.Literal("resend"),
  source,
  boot: BOOT,
  from: seq,
  done: Type.Boolean(),
});

export type Hello = Static<typeof HELLO>;
export type StateReply = Static<typeof STATE>;
export type Resend = Static<typeof RESEND>;
export type SyncMessage = Hello | StateReply | Resend;

const CHECK = TypeCompiler.Compile(Type.Union([HELLO, STATE, RESEND]));

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: "number",
});

/** One msgpack map with spelled-out keys. */
export const encodeSync = (message: SyncMessage): Buffer => packr.pack(message);

/** Reads a message from bytes of any origin, null for anything else. Keys it does not know are left alone. */
export function decodeSync(bytes: Uint8Array | undefined): SyncMessage | null {
  if (bytes === undefined || bytes.byteLength > HEAD_BYTES_MAX) return null;
  if (!isWellFormed(bytes)) return null;
  const value = unpack(bytes);
  return CHECK.Check(value) && isInOrder(value) ? value : null;
}

/** No range ends before it begins, or is longer than what anybody can hold. */
function isInOrder(message: SyncMessage): boolean {
  switch (message.kind) {
    case "hello":
      return message.held.every(
        ({ first, last }) => first <= last && last - first < HELD_MAX,
      );
    case "state":
      return message.want === null || message.want.from <= message.want.to;
    case "resend":
      return true;
  }
}

function unpack(bytes: Uint8Array): unknown {
  try {
    return unpackr.unpack(bytes);
  } catch {
    return null;
  }
}
