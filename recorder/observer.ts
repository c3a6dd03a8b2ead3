import type { Frame } from "../shared/contract/frame.js";

/** Whoever looks on as frames come. Told in the middle of it: it must be quick, and never throw. */
export interface Observer {
  /**
   * @param isLive it came by itself, just now; else it was asked for, and is old
   * @param isKept there was room for it; else it will be asked for, and come again
   */
  heard(frame: Frame, isLive: boolean, isKept: boolean): void;
  /** A batch was stored. */
  committed(tookMs: number): void;
}
