import type { Frame } from "../shared/frame.js";

/** Whoever looks on as frames come. Told in the middle of it: it must be quick, and never throw. */
export interface Observer {
  /** @param isLive it came by itself, just now; else it was asked for, and is old */
  heard(frame: Frame, isLive: boolean): void;
  /** A batch was stored. */
  committed(tookMs: number): void;
}
