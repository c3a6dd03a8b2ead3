import type { PerDirection } from "../../shared/direction.js";

/** How the router is, for health and status. */
export interface RouterView {
  readonly backend: string;
  readonly reachable: boolean;
  /** For how long it is so, ms. */
  readonly sinceMs: number;
  /** Why it is not reachable; null when it is. */
  readonly error: string | null;
}

/** Where wishes go. The newest wins; what is on its way is finished first. */
export interface Shaper extends AsyncDisposable {
  /** Never waits, never throws. Called every beat; writes only what changed (CTRL-05). */
  request(wishBps: PerDirection<number>): void;
  /** What the router is known to enforce, bit/s; null before the first confirmation (DATA-02). */
  enforcedBps(): PerDirection<number | null>;
  view(): RouterView;
  /** Sets the rates that are to stay behind; gives up at `deadlineMs`. */
  leave(rateBps: PerDirection<number>, deadlineMs: number): Promise<void>;
}
