import {
  type Direction,
  DIRECTIONS,
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import { toKbps } from "../../shared/contract/units.js";
import {
  atMost,
  type Clock,
  later,
  msSince,
} from "../../shared/runtime/clock.js";
import { openOutage, type Report } from "../../shared/runtime/outage.js";
import { RETRY_MS, type RouterFault } from "./calls.js";
import {
  changeNeeded,
  type DirectionState,
  foreignSeen,
  freshDirection,
  isAside,
  isForeign,
  isSame,
  lookAgainMs,
  NO_FOREIGN_WRITES,
  type OnForeign,
  withActual,
  withConfirmed,
  withDesired,
  withWritingResumed,
} from "./direction-state.js";
import {
  afterWriting,
  fullBuckets,
  isUrgent,
  nextWrite,
  type RateChange,
  type WritePace,
} from "./pace.js";
import { type Backend, NO_WRITES, type Shaper } from "./shaper.js";

/** What was last seen longer ago is looked at again before it is overwritten: somebody may have been there. */
const TRUST_MS = 5_000;

type Job =
  | { readonly kind: "look" | "describe" }
  | {
      readonly kind: "write";
      readonly direction: Direction;
      readonly change: RateChange;
    };

interface Settings {
  readonly pace: WritePace;
  readonly onForeign: OnForeign;
}

/**
 * Makes a router follow wishes (CTRL-05): the newest wins, one operation at a time, cuts before raises, within the
 * router's budgets. The rates of a lost router are read before anything is written to it again, so that no old wish is
 * ever applied. Nothing happens but when asked: who stops wishing stops writing.
 */
export function openActuator(
  router: Backend,
  settings: Settings,
  clock: Clock,
  report: Report,
): Shaper {
  const { backend } = router;
  const { onForeign } = settings;
  let { pace } = settings;
  const outage = openOutage("router_lost", clock, report);
  const lanes: Record<Direction, DirectionState> = {
    download: freshDirection(clock.mono()),
    upload: freshDirection(clock.mono()),
  };
  const counts = { ...NO_WRITES };
  let purses = fullBuckets(pace, clock.mono());
  let peace = NO_FOREIGN_WRITES;
  let work: Promise<void> | null = null;
  /** Do we know the rates in force? Not at first, and not after a fault. */
  let isKnown = false;
  let lookAt = clock.mono();
  let isDescribed = false;
  let described = "";
  let warnings: readonly string[] = [];
  let isClosed = false;

  function wish(wanted: PerDirection<number>): void {
    for (const direction of DIRECTIONS) {
      const lane = withDesired(
        lanes[direction],
        wanted[direction],
        clock.mono(),
      );
      if (lane === null) continue;
      counts.asked++;
      if (!lanes[direction].wasSent) counts.superseded++;
      lanes[direction] = lane;
    }
  }

  function nextJob(): Job | null {
    if (isClosed) return null;
    const now = clock.mono();
    const isLookDue = now >= lookAt;
    const [download, upload] = [
      changeNeeded(lanes.download),
      changeNeeded(lanes.upload),
    ];
    if (!isKnown || download === null || upload === null)
      return isLookDue ? { kind: "look" } : null;
    if (peace.asideUntil !== null && !isAside(peace, now))
      resume("long enough");
    const write = isAside(peace, now)
      ? null
      : nextWrite({ download, upload }, pace, purses, now);
    if (write !== null && (write.change === "cut" || !isLookDue))
      return msSince(lanes[write.direction].seenAt, now) > TRUST_MS
        ? { kind: "look" }
        : { kind: "write", ...write };
    if (isLookDue) return { kind: "look" };
    return isDescribed || outage.why() !== null ? null : { kind: "describe" };
  }

  function run(job: Job): Promise<RouterFault | null> {
    switch (job.kind) {
      case "look":
        return look();
      case "describe":
        return describe();
      case "write":
        return write(job.direction, job.change);
    }
  }

  async function look(): Promise<RouterFault | null> {
    const outcome = await router.readRates();
    if (outcome.kind === "failed") return outcome;
    isKnown = true;
    for (const direction of DIRECTIONS)
      lanes[direction] = withActual(
        lanes[direction],
        outcome.value[direction],
        clock.mono(),
      );
    lookAfterPeace();
    lookAt = later(clock.mono(), lookAgainMs(peace, pace.lookMs, clock.mono()));
    return null;
  }

  function lookAfterPeace(): void {
    const foreign = DIRECTIONS.filter((name) => isForeign(lanes[name]));
    if (isAside(peace, clock.mono())) {
      if (foreign.length === 0) resume("the rates are ours again");
      return;
    }
    if (foreign.length === 0) return;
    peace = foreignSeen(peace, onForeign, clock.mono());
    const isCorrected = !isAside(peace, clock.mono());
    for (const direction of foreign) {
      const { enforcedBps, oursBps } = lanes[direction];
      report("rate_foreign", {
        direction,
        found_kbps: kbpsOrNull(enforcedBps),
        ours_kbps: kbpsOrNull(oursBps),
        corrected: isCorrected,
      });
    }
    if (isCorrected) disown();
    else report("writing_paused", { backend, on_foreign: onForeign });
  }

  function resume(why: string): void {
    peace = withWritingResumed(peace);
    disown();
    report("writing_resumed", { backend, why });
  }

  /** Whatever differs from the wish is due now. */
  function disown(): void {
    for (const direction of DIRECTIONS)
      lanes[direction] = { ...lanes[direction], oursBps: null };
  }

  async function write(
    direction: Direction,
    change: RateChange,
  ): Promise<RouterFault | null> {
    const bps = lanes[direction].wishBps ?? NaN;
    purses = afterWriting(pace, purses, change, clock.mono());
    lanes[direction] = { ...lanes[direction], wasSent: true };
    counts.sent++;
    const outcome = await router.setRate(direction, bps);
    if (outcome.kind === "failed") {
      counts[isAnswer(outcome) ? "refused" : "unanswered"]++;
      return outcome;
    }
    const isConfirmed = isSame(outcome.value, bps);
    counts[isConfirmed ? "confirmed" : "refused"]++;
    const seen = isConfirmed ? withConfirmed : withActual;
    lanes[direction] = seen(lanes[direction], outcome.value, clock.mono());
    return isConfirmed
      ? null
      : {
          fault: "refused",
          why: `${direction}: asked for ${toKbps(bps)} kbit/s, found ${toKbps(outcome.value)}`,
        };
  }

  /** Not being described is no reason to be lost. */
  async function describe(): Promise<null> {
    isDescribed = true;
    const outcome = await router.describe();
    const { is, warnings: said } =
      outcome.kind === "done"
        ? outcome.value
        : { is: "unknown", warnings: [`cannot be described: ${outcome.why}`] };
    warnings = said;
    const words = [is, ...said].join("; ");
    if (words !== described)
      report("router_described", {
        backend,
        is,
        warnings: said.length === 0 ? null : said.join("; "),
      });
    described = words;
    return null;
  }

  function fail(fault: RouterFault): void {
    const { why } = fault;
    outage.begin(why, { backend, fault: fault.fault, why });
    isKnown = false;
    isDescribed = false;
    lookAt = later(clock.mono(), RETRY_MS[fault.fault]);
    if (!isAside(peace, clock.mono())) disown();
  }

  /**
   * One job after the other until none is due, when the beat is over: to begin one takes a millisecond too. A lost
   * router is back when its rates are right, or not ours to set.
   */
  async function workOff(): Promise<void> {
    await new Promise(setImmediate);
    for (let job = nextJob(); job !== null; job = nextJob()) {
      const fault = await run(job);
      if (fault !== null) {
        if (!isClosed) fail(fault);
        return;
      }
    }
    const isSettled = DIRECTIONS.every((name) => lanes[name].oursBps !== null);
    if (isSettled || isAside(peace, clock.mono())) outage.end({ backend });
  }

  function start(): void {
    if (nextJob() !== null) work = workOff().finally(() => (work = null));
  }

  return {
    request(wanted) {
      wish(wanted);
      if (work === null) start();
    },
    enforcedBps: () => eachDirection((name) => finite(lanes[name].enforcedBps)),
    view: () => ({
      backend,
      reachable: outage.why() === null && isKnown,
      sinceMs: outage.sinceMs(),
      error: outage.why(),
      warnings: isAside(peace, clock.mono())
        ? [...warnings, "somebody else sets the rates: writing is paused"]
        : warnings,
      writes: { ...counts },
    }),
    async leave(rates, deadlineMs) {
      pace = isUrgent(pace);
      purses = fullBuckets(pace, clock.mono());
      wish(rates);
      const settled = (async () => {
        await work;
        lookAt = clock.mono();
        start();
        await work;
      })();
      await atMost(deadlineMs, settled);
    },
    [Symbol.asyncDispose]() {
      isClosed = true;
      return router[Symbol.asyncDispose]();
    },
  };
}

/** Did the router answer, so that nothing has changed? */
const isAnswer = ({ fault }: RouterFault): boolean =>
  fault === "refused" || fault === "not_found" || fault === "unauthorized";

/** A queue without a limit enforces nothing that could be said in figures. */
const finite = (bps: number | null): number | null =>
  bps !== null && Number.isFinite(bps) ? bps : null;

const kbpsOrNull = (bps: number | null): number | null => {
  const known = finite(bps);
  return known === null ? null : toKbps(known);
};
