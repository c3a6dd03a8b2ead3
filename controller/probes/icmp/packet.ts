import type { PerDirection } from "../../../shared/contract/direction.js";
import { DAY_MS, MINUTE_MS } from "../../../shared/contract/units.js";
import { later, type MonoMs, msSince } from "../../../shared/runtime/clock.js";

/**
 * The kind of probe sent to a reflector. Many answer echoes but not timestamps, so both are tried in turn until one is
 * ahead. In an outage neither is answered, and the trial goes on.
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

/** A trial is decided by this many answers to timestamps, or by this lead of echoes. */
const ENOUGH = 3;

/** After this time, ms, timestamps are tried again: the reflector or a firewall may have changed. */
const TRY_AGAIN_MS = 5 * MINUTE_MS;

export const TRIAL: Method = {
  kind: "trial",
  next: "timestamps",
  timestamps: 0,
  echoes: 0,
};

/** The probe to send now, and the method after it. */
export function nextProbeType(
  method: Method,
  now: MonoMs,
): { ask: ProbeType; after: Method } {
  const before = method.kind === "echo" && now >= method.until ? TRIAL : method;
  if (before.kind !== "trial") return { ask: before.kind, after: before };
  const next = before.next === "echo" ? "timestamps" : "echo";
  return { ask: before.next, after: { ...before, next } };
}

/** The method after an answer. A timestamp reply without valid times counts as {@link unanswered}. */
export function answered(before: Method, ask: ProbeType, now: MonoMs): Method {
  if (before.kind !== "trial") return before;
  const timestamps = before.timestamps + (ask === "timestamps" ? 1 : 0);
  const echoes = before.echoes + (ask === "echo" ? 1 : 0);
  if (timestamps >= ENOUGH) return { kind: "timestamps" };
  if (echoes - timestamps >= ENOUGH)
    return { kind: "echo", until: later(now, TRY_AGAIN_MS) };
  return { ...before, timestamps, echoes };
}

/** The method after an unanswered probe. */
export const unanswered = (before: Method, ask: ProbeType): Method =>
  before.kind === "timestamps" && ask === "timestamps" ? TRIAL : before;

/** Whether an unanswered probe counts as lost; a timestamp request to a reflector that only answers echoes does not. */
export const isLoss = (method: Method, ask: ProbeType): boolean =>
  ask === "echo" ||
  method.kind === "timestamps" ||
  (method.kind === "trial" && method.echoes === 0);

/** ICMP for IPv4, RFC 792. Echo: the bytes are returned; timestamps: with the reflector's times as well. */
export type ProbeType = "echo" | "timestamps";

const REQUEST_TYPE = { echo: 8, timestamps: 13 } as const;
export const ANSWER_TYPE = { echo: 0, timestamps: 14 } as const;
const ASKS: readonly ProbeType[] = ["echo", "timestamps"];

/** Header and three timestamps. Echoes have the same size, so that both take the same time on the line. */
const MESSAGE_BYTES = 20;

/** `id` and `seq` have 16 bits, `originateMs` 32; all are returned unchanged. */
export interface Request {
  readonly ask: ProbeType;
  readonly id: number;
  readonly seq: number;
  readonly originateMs: number;
}

/** When the reflector received the request and sent its answer: ms since midnight UTC by its own clock. */
export interface Times {
  readonly receiveMs: number;
  readonly transmitMs: number;
}

/** An answer; `times` is null if it has none, or not in ms since midnight. */
export interface IcmpAnswer extends Request {
  readonly from: string;
  readonly times: Times | null;
}

/** ms since midnight UTC of an instant in ms since 1970. */
export const msOfDay = (wallMs: number): number => Math.floor(wallMs) % DAY_MS;

/** The ICMP message; the kernel adds the IP header. */
export function encodeRequest(request: Request): Buffer {
  const message = Buffer.alloc(MESSAGE_BYTES);
  message.writeUInt8(REQUEST_TYPE[request.ask], 0);
  message.writeUInt16BE(request.id, 4);
  message.writeUInt16BE(request.seq, 6);
  message.writeUInt32BE(request.originateMs, 8);
  message.writeUInt16BE(checksum(message), 2);
  return message;
}

/** Decodes an answer from an IP packet with header, as read from a raw socket; null if damaged or not an answer. */
export function decodeAnswer(packet: Buffer): IcmpAnswer | null {
  const headerBytes = ((packet[0] ?? 0) & 0x0f) * 4;
  const message = packet.subarray(headerBytes);
  if (headerBytes < 20 || message.length < MESSAGE_BYTES) return null;
  const type = message.readUInt8(0);
  const ask = ASKS.find((one) => ANSWER_TYPE[one] === type);
  if (ask === undefined) return null;
  // the checksum over a message including its checksum is zero (RFC 1071)
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

/** A set high bit means not ms since midnight UTC (RFC 792); some reflectors use the wrong byte order. */
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

/** The estimated offset of a reflector's clock, and the last one-way delays computed with it. */
export interface OneWayDelays {
  /** To be subtracted from the reflector's time of day to get our monotonic time. */
  readonly clockMs: number;
  readonly oneWayMs: PerDirection<number>;
}

/** One round trip by both clocks: our monotonic one, and the reflector's ms since midnight. */
export interface RoundTrip extends Times {
  readonly sentAt: MonoMs;
  readonly receivedAt: MonoMs;
}

/** Error allowed in a one-way delay, ms: the reflector's clock counts whole ms, and may be slewed. */
const TOLERANCE_MS = 2;

/**
 * Splits a round trip into two one-way delays, whose sum is the RTT less the reflector's processing time; null if the
 * times are impossible. If a delay would be negative or exceed the sum, the clock was set; the change since the last
 * round trip is then split evenly.
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

/** A difference of two times of day, wrapped at midnight to -12 h .. 12 h. */
export const withinDay = (ms: number): number => {
  const forward = (((ms + DAY_MS / 2) % DAY_MS) + DAY_MS) % DAY_MS;
  return forward - DAY_MS / 2;
};
