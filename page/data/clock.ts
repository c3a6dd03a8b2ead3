/** The recorder's clock; the browser's may differ. */
interface RecorderClock {
  /** ms since 1970 */
  readonly now: () => number;
  /** Sets the recorder's current time. */
  set(atMs: number): void;
}

export function openClock(): RecorderClock {
  let aheadMs = 0;
  return {
    now: () => Date.now() + aheadMs,
    set(atMs) {
      aheadMs = atMs - Date.now();
    },
  };
}
