import type { PerDirection } from "../../../shared/contract/direction.js";
import { DAY_MS, MINUTE_MS } from "../../../shared/contract/units.js";
import { later, type MonoMs, msSince } from "../../../shared/runtime/clock.js";

/**
 * What one reflector is asked for. Many answer echoes and no timestamps, so both are tried in turns, until one of them
 * is ahead. In an outage neither is, and the trial goes on: silence says nothing about a method.
 *
 *              timestamps answered                       unanswered
 *     trial ----------------------> timestamps     timestamps ------> trial
 *           ----------------------> echo           echo ------------> trial, after some minutes
 *              only echoes answered
 */
export type Method =
  | {
      readonly kind: "trial";
      readonly next: ProbeType;
      readonly timestamps: number;
      readonly echoes: number;
    }
  | { readonly kind: "timestamps" }
  | { readonly kind: "echo"; readonly until: MonoMs };

/** So many answers decide a trial, or so many echoes more than timestamps. */
const ENOUGH = 3;

/** A reflector, or what stands before it, may change its mind. */
const TRY_AGAIN_MS = 5 * MINUTE_MS;

export const TRIAL: Method = {
  kind: "trial",
  next: "timestamps",
  timestamps: 0,
  echoes: 0,
};

/** What to ask for now, and the method from then on. */
export function nextProbeType(
  method: Method,
  now: MonoMs,
): { ask: ProbeType; after: Method } {
  const before = method.kind === "echo" && now >= method.until ? TRIAL : method;
  if (before.kind !== "trial") return { ask: before.kind, after: before };
  const next = before.next === "echo" ? "timestamps" : "echo";
  return { ask: before.next, after: { ...before, next } };
}

/** The method after an answer; one to `timestamps` that tells no times is an {@link unanswered} one. */
export function answered(before: Method, ask: ProbeType, now: MonoMs): Method {
  if (before.kind !== "trial") return before;
  const timestamps = before.timestamps + (ask === "timestamps" ? 1 : 0);
  const echoes = before.echoes + (ask === "echo" ? 1 : 0);
  if (timestamps >= ENOUGH) return { kind: "timestamps" };
  if (echoes - timestamps >= ENOUGH)
    return { kind: "echo", until: later(now, TRY_AGAIN_MS) };
  return { ...before, timestamps, echoes };
}

/** The method after a deadline that passed. */
export const unanswered = (before: Method, ask: ProbeType): Method =>
  before.kind === "timestamps" && ask === "timestamps" ? TRIAL : before;

/** Whether an unanswered probe was lost; a timestamp request to a reflector that only echoes was not. */
export const isLoss = (method: Method, ask: ProbeType): boolean =>
  ask === "echo" ||
  method.kind === "timestamps" ||
  (method.kind === "trial" && method.echoes === 0);

/** ICMP for IPv4 as RFC 792 has it: what is asked of a reflector, and what it answers. */

/** What a probe asks for: the same bytes back, or the reflector's own times as well. */
export type ProbeType = "echo" | "timestamps";

const REQUEST_TYPE = { echo: 8, timestamps: 13 } as const;
export const ANSWER_TYPE = { echo: 0, timestamps: 14 } as const;
const ASKS: readonly ProbeType[] = ["echo", "timestamps"];

/** Header and three timestamps. An echo has as many bytes, so that both wait as long for their turn on a line. */
const MESSAGE_BYTES = 20;

/** `id` and `seq` have 16 bits; `originateMs` 32, and comes back as it was. */
export interface Request {
  readonly ask: ProbeType;
  readonly id: number;
  readonly seq: number;
  readonly originateMs: number;
}

/** When the question came to the reflector and its answer left, in ms since midnight UTC by its own clock. */
export interface Times {
  readonly receiveMs: number;
  readonly transmitMs: number;
}

/** What came back; `times` is null where the reflector does not tell them, or not in ms. */
export interface IcmpAnswer extends Request {
  readonly from: string;
  readonly times: Times | null;
}

/** ms since midnight UTC of an instant in ms since 1970. */
export const msOfDay = (wallMs: number): number => Math.floor(wallMs) % DAY_MS;

/** The message to be sent; the IP header is the kernel's. */
export function encodeRequest(request: Request): Buffer {
  const message = Buffer.alloc(MESSAGE_BYTES);
  message.writeUInt8(REQUEST_TYPE[request.ask], 0);
  message.writeUInt16BE(request.id, 4);
  message.writeUInt16BE(request.seq, 6);
  message.writeUInt32BE(request.originateMs, 8);
  message.writeUInt16BE(checksum(message), 2);
  return message;
}

/** An answer out of an IP packet as a raw socket delivers it, header first; null when it is none, or damaged. */
export function decodeAnswer(packet: Buffer): IcmpAnswer | null {
  const headerBytes = ((packet[0] ?? 0) & 0x0f) * 4;
  const message = packet.subarray(headerBytes);
  if (headerBytes < 20 || message.length < MESSAGE_BYTES) return null;
  const type = message.readUInt8(0);
  const ask = ASKS.find((one) => ANSWER_TYPE[one] === type);
  if (ask === undefined) return null;
  // what is summed up together with its own checksum gives zero (RFC 1071)
  if (checksum(message) !== 0) return null;
  return {
    ask,
    id: message.readUInt16BE(4),
    seq: message.readUInt16BE(6),
    originateMs: message.readUInt32BE(8),
    from: packet.subarray(12, 16).join("."),
    times: ask === "echo" ? null : timesOf(message),
  };
}

/** RFC 792 has the high bit set where it is not ms since midnight UTC. Some count in another byte order, too. */
function timesOf(message: Buffer): Times | null {
  const receiveMs = message.readUInt32BE(12);
  const transmitMs = message.readUInt32BE(16);
  return receiveMs < DAY_MS && transmitMs < DAY_MS
    ? { receiveMs, transmitMs }
    : null;
}

/** The Internet checksum, RFC 1071. */
export function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++)
    sum += (bytes[i] ?? 0) << (i % 2 === 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** How far a reflector's clock is from ours, as far as that can be known, and the last times by it. */
export interface OneWayDelays {
  /** What is taken off its time of day to have ours. */
  readonly clockMs: number;
  readonly oneWayMs: PerDirection<number>;
}

/** One round trip by both clocks: ours is monotonic, the reflector's counts the ms of its day. */
export interface RoundTrip extends Times {
  readonly sentAt: MonoMs;
  readonly receivedAt: MonoMs;
}

/** The reflector's clock counts whole ms, and may be slewed. */
const TOLERANCE_MS = 2;

/**
 * Splits a round trip into its two ways, which together are the RTT less what the reflector took; null where its times
 * make no sense. No way takes less than nothing or more than both together: a clock that says so was set, and the change
 * since the last round trip is then shared evenly.
 */
export function splitRoundTrip(
  before: OneWayDelays | null,
  trip: RoundTrip,
): OneWayDelays | null {
  const tookMs = withinDay(trip.transmitMs - trip.receiveMs);
  const bothMs = msSince(trip.sentAt, trip.receivedAt) - tookMs;
  if (tookMs < 0 || bothMs < -TOLERANCE_MS) return null;
  const untilMs = trip.receiveMs - trip.sentAt;
  if (before !== null) {
    const upload = withinDay(untilMs - before.clockMs);
    if (upload >= -TOLERANCE_MS && upload <= bothMs + TOLERANCE_MS)
      return {
        clockMs: before.clockMs,
        oneWayMs: { upload, download: bothMs - upload },
      };
  }
  const { upload: last, download } = before?.oneWayMs ?? {
    upload: 0,
    download: 0,
  };
  const changeMs = bothMs - last - download;
  const upload = Math.min(
    Math.max(0, bothMs),
    Math.max(0, last + changeMs / 2),
  );
  return {
    clockMs: untilMs - upload,
    oneWayMs: { upload, download: bothMs - upload },
  };
}

/** A difference of two times of day, over midnight too: at least -12 h, below 12 h. */
export const withinDay = (ms: number): number => {
  const forward = (((ms + DAY_MS / 2) % DAY_MS) + DAY_MS) % DAY_MS;
  return forward - DAY_MS / 2;
};
