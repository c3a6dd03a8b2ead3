/**
 * Whether this is exactly one complete msgpack value. Checked before decoding, because a decoder allocates what an
 * array or map header claims: five hostile bytes could cost gigabytes. `depth` limits nesting.
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export function isWellFormed(bytes: Uint8Array, depth = 16): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return skip(view, 0, depth) === bytes.byteLength;
}

const BROKEN = -1;

/** The offset behind the value at `at`, or BROKEN. */
function skip(view: DataView, at: number, depth: number): number {
  if (at >= view.byteLength || depth === 0) return BROKEN;
  const head = view.getUint8(at);
  if (head <= 0x7f || head >= 0xe0) return at + 1; // fixint
  if (head <= 0x8f) return skipMany(view, at + 1, (head & 0x0f) * 2, depth);
  if (head <= 0x9f) return skipMany(view, at + 1, head & 0x0f, depth);
  if (head <= 0xbf) return within(view, at + 1 + (head & 0x1f)); // fixstr
  switch (head) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return at + 1;
    case 0xcc: // uint8 .. uint64, int8 .. int64
    case 0xd0:
      return within(view, at + 2);
    case 0xcd:
    case 0xd1:
      return within(view, at + 3);
    case 0xca: // float32
    case 0xce:
    case 0xd2:
      return within(view, at + 5);
    case 0xcb: // float64
    case 0xcf:
    case 0xd3:
      return within(view, at + 9);
    case 0xd9: // str8 .. str32
      return at + 2 > view.byteLength
        ? BROKEN
        : within(view, at + 2 + view.getUint8(at + 1));
    case 0xda:
      return at + 3 > view.byteLength
        ? BROKEN
        : within(view, at + 3 + view.getUint16(at + 1));
    case 0xdc: // array16
      return at + 3 > view.byteLength
        ? BROKEN
        : skipMany(view, at + 3, view.getUint16(at + 1), depth);
    case 0xde: // map16
      return at + 3 > view.byteLength
        ? BROKEN
        : skipMany(view, at + 3, view.getUint16(at + 1) * 2, depth);
    default: // frames have no binary, extensions or 32-bit lengths
      return BROKEN;
  }
}

function skipMany(
  view: DataView,
  from: number,
  count: number,
  depth: number,
): number {
  if (count > view.byteLength - from) return BROKEN;
  let at = from;
  for (let i = 0; i < count && at !== BROKEN; i++)
    at = skip(view, at, depth - 1);
  return at;
}

const within = (view: DataView, end: number): number =>
  end <= view.byteLength ? end : BROKEN;
