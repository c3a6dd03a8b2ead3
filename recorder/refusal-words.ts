import { inspect } from "node:util";
import {
  decodeFrame,
  type Frame,
  FrameError,
  type Identity,
} from "../shared/contract/frame.js";

/** A clock may be a little ahead of ours; a frame from further in the future would outlive every retention. */
export const FUTURE_MS = 60_000;

/** Why a message is not taken, in words. */
export const wrongParts = (parts: number): FrameError =>
  new FrameError("parts", `Cannot read message: must be 2 parts: got ${parts}`);

export const wrongTopic = (topic: string, right: string): FrameError =>
  new FrameError(
    "topic",
    `Cannot take frame of topic '${right}': must come under it: got ${inspect(topic)}`,
  );

export function tooFarAhead({ source }: Identity, aheadMs: number): FrameError {
  return new FrameError(
    "ahead",
    `Cannot take frame of '${source}': at most ${FUTURE_MS / 1e3} s ahead of this clock: got ${(aheadMs / 1e3).toFixed(0)} s`,
  );
}

export const beyond = (source: string, rule: string): FrameError =>
  new FrameError("limit", `Cannot take frame of '${source}': ${rule}`);

export const tooLong = ({ source, mono }: Frame): FrameError =>
  new FrameError(
    "field",
    `Cannot take frame of '${source}' 'mono': at most as long as this machine runs: got ${(mono / 1e3).toFixed(0)} s`,
  );

/** The frame, or why it is none. */
export function decode(
  message: Uint8Array,
): ReturnType<typeof decodeFrame> | FrameError {
  try {
    return decodeFrame(message);
  } catch (error) {
    if (error instanceof FrameError) return error;
    throw error;
  }
}
