/** The recorder's clock, which this browser's may differ from. */
interface RecorderClock {
  /** ms since 1970 */
  readonly now: () => number;
  /** As the recorder says it is now. */
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
