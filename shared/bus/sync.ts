import { type Static, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { Packr, Unpackr } from "msgpackr";
import { SEQ_MAX, WAN_NAME } from "../contract/frame.js";
import { isWellFormed } from "../contract/msgpack.js";
import { KEPT_MINUTES_MAX } from "./ring.js";

/** Changes only when a meaning changes. */
export const SYNC_VERSION = 1;

/** Frames the recorder may request at once; a longer request is cut to this. */
export const WANT_MAX = 500;

const v = Type.Literal(SYNC_VERSION);
const source = Type.String({ pattern: WAN_NAME.source });
/** One run of one process. */
export const BOOT = Type.String({ pattern: "^[0-9a-f]{16}$" });
const seq = Type.Integer({ minimum: 1, maximum: SEQ_MAX });

/** Frames one run can hold: the longest retention at 100 frames/s. A longer range is refused. */
const HELD_MAX = KEPT_MINUTES_MAX * 60 * 100;

/** Longest head, bytes: a hello with 16 runs. Anything longer is not a sync message. */
const HEAD_BYTES_MAX = 4_096;

/**
 * Sent once a second by a source: the frames it still holds. `leaving`: the source is stopping and waits for its last
 * frames to be committed, so the recorder should answer without delay.
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

/** The recorder's answer, one per run: each seq up to `committed` is stored or given up; `want` is to be resent. */
const STATE = Type.Object({
  v,
  kind: Type.Literal("state"),
  boot: BOOT,
  committed: Type.Integer({ minimum: 0, maximum: SEQ_MAX }),
  want: Type.Union([Type.Object({ from: seq, to: seq }), Type.Null()]),
});

/** The head of a slice of resent frames, consecutive from `from`. `done`: the last slice of this answer. */
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

/** Decodes untrusted bytes; null if they are not a valid message. Unknown keys are ignored. */
export function decodeSync(bytes: Uint8Array | undefined): SyncMessage | null {
  if (bytes === undefined || bytes.byteLength > HEAD_BYTES_MAX) return null;
  if (!isWellFormed(bytes)) return null;
  const value = unpack(bytes);
  return CHECK.Check(value) && isInOrder(value) ? value : null;
}

/** Whether ranges do not end before they begin, and are no longer than a source can hold. */
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
