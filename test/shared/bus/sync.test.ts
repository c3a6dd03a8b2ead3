import { expect } from "chai";
import fc from "fast-check";
import { Packr } from "msgpackr";
import {
  decodeSync,
  encodeSync,
  SYNC_VERSION,
  type SyncMessage,
} from "../../../shared/bus/sync.js";

const BOOT = "0123456789abcdef";
const v = SYNC_VERSION;

const MESSAGES: readonly SyncMessage[] = [
  { v, kind: "hello", source: "att", held: [], leaving: false },
  {
    v,
    kind: "hello",
    source: "att",
    held: [{ boot: BOOT, first: 2 ** 36 - 7, last: 2 ** 36 }],
    leaving: true,
  },
  { v, kind: "state", boot: BOOT, committed: 0, want: null },
  { v, kind: "state", boot: BOOT, committed: 9, want: { from: 3, to: 5 } },
  { v, kind: "resend", source: "att", boot: BOOT, from: 3, done: true },
];

describe("decodeSync()", () => {
  for (const message of MESSAGES)
    it(`reads what encodeSync() wrote: ${JSON.stringify(message)}`, () =>
      expect(decodeSync(encodeSync(message))).to.deep.equal(message));

  const [, hello, , state] = MESSAGES as readonly Record<string, unknown>[];
  for (const [what, value] of [
    ["another version", { ...hello, v: 2 }],
    [
      "more than anybody holds",
      { ...hello, held: [{ boot: BOOT, first: 1, last: 2 ** 30 }] },
    ],
    [
      "an end before its begin",
      { ...hello, held: [{ boot: BOOT, first: 2, last: 1 }] },
    ],
    ["another kind", { ...hello, kind: "goodbye" }],
    ["a name that is none", { ...hello, source: "../x" }],
    [
      "a boot that is none",
      { ...hello, held: [{ boot: "x", first: 1, last: 2 }] },
    ],
    ["a seq of 0", { ...state, want: { from: 0, to: 5 } }],
    ["half a range", { ...state, want: { from: 1 } }],
    [
      "too many runs",
      { ...hello, held: Array(17).fill({ boot: BOOT, first: 1, last: 2 }) },
    ],
  ] as const)
    it(`refuses ${what}`, () =>
      expect(decodeSync(new Packr({ useRecords: false }).pack(value))).to.equal(
        null,
      ));

  it("leaves alone what it does not know yet", () => {
    const more = { ...hello, mood: "sunny" } as unknown as SyncMessage;
    expect(decodeSync(encodeSync(more))).to.include({ kind: "hello" });
  });

  it("reads any bytes, or none, without an end", () => {
    expect(decodeSync(undefined)).to.equal(null);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        decodeSync(bytes);
      }),
    );
  });
});
