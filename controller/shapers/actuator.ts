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

/** A rate read back longer ago, ms, is read again before it is overwritten: another program may have changed it. */
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
 * Writes the desired rates to a router (CTRL-05): the newest wins, one operation at a time, cuts before raises, within
 * the router's write limits. After a fault the rates are read before anything is written, so that no stale rate is ever
 * applied. Writes start only from request(): if the loop stops, so do writes.
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
  const directions: Record<Direction, DirectionState> = {
    download: freshDirection(clock.mono()),
    upload: freshDirection(clock.mono()),
  };
  const counts = { ...NO_WRITES };
  let buckets = fullBuckets(pace, clock.mono());
  let foreignWrites = NO_FOREIGN_WRITES;
  let work: Promise<void> | null = null;
  /** Whether the rates in force are known; false at first and after a fault. */
  let isKnown = false;
  let lookAt = clock.mono();
  let isDescribed = false;
  let described = "";
  let warnings: readonly string[] = [];
  let isClosed = false;

  function setDesired(rates: PerDirection<number>): void {
    for (const direction of DIRECTIONS) {
      const state = withDesired(
        directions[direction],
        rates[direction],
        clock.mono(),
      );
      if (state === null) continue;
      counts.asked++;
      if (!directions[direction].wasSent) counts.superseded++;
      directions[direction] = state;
    }
  }

  function nextJob(): Job | null {
    if (isClosed) return null;
    const now = clock.mono();
    const isLookDue = now >= lookAt;
    const [download, upload] = [
      changeNeeded(directions.download),
      changeNeeded(directions.upload),
    ];
    if (!isKnown || download === null || upload === null)
      return isLookDue ? { kind: "look" } : null;
    if (foreignWrites.asideUntil !== null && !isAside(foreignWrites, now))
      resume("the pause is over");
    const write = isAside(foreignWrites, now)
      ? null
      : nextWrite({ download, upload }, pace, buckets, now);
    if (write !== null && (write.change === "cut" || !isLookDue))
      return msSince(directions[write.direction].seenAt, now) > TRUST_MS
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
      directions[direction] = withActual(
        directions[direction],
        outcome.value[direction],
        clock.mono(),
      );
    checkForeignWrites();
    lookAt = later(
      clock.mono(),
      lookAgainMs(foreignWrites, pace.lookMs, clock.mono()),
    );
    return null;
  }

  function checkForeignWrites(): void {
    const foreign = DIRECTIONS.filter((name) => isForeign(directions[name]));
    if (isAside(foreignWrites, clock.mono())) {
      if (foreign.length === 0) resume("the rates are ours again");
      return;
    }
    if (foreign.length === 0) return;
    foreignWrites = foreignSeen(foreignWrites, onForeign, clock.mono());
    const isCorrected = !isAside(foreignWrites, clock.mono());
    for (const direction of foreign) {
      const { actualBps, oursBps } = directions[direction];
      report("rate_foreign", {
        direction,
        found_kbps: kbpsOrNull(actualBps),
        ours_kbps: kbpsOrNull(oursBps),
        corrected: isCorrected,
      });
    }
    if (isCorrected) disown();
    else report("writing_paused", { backend, on_foreign: onForeign });
  }

  function resume(why: string): void {
    foreignWrites = withWritingResumed(foreignWrites);
    disown();
    report("writing_resumed", { backend, why });
  }

  /** Treats the rates as not ours: any difference from the desired rates is written. */
  function disown(): void {
    for (const direction of DIRECTIONS)
      directions[direction] = { ...directions[direction], oursBps: null };
  }

  async function write(
    direction: Direction,
    change: RateChange,
  ): Promise<RouterFault | null> {
    const bps = directions[direction].desiredBps ?? NaN;
    buckets = afterWriting(pace, buckets, change, clock.mono());
    directions[direction] = { ...directions[direction], wasSent: true };
    counts.sent++;
    const outcome = await router.setRate(direction, bps);
    if (outcome.kind === "failed") {
      counts[isAnswer(outcome) ? "refused" : "unanswered"]++;
      return outcome;
    }
    const isConfirmed = isSame(outcome.value, bps);
    counts[isConfirmed ? "confirmed" : "refused"]++;
    const seen = isConfirmed ? withConfirmed : withActual;
    directions[direction] = seen(
      directions[direction],
      outcome.value,
      clock.mono(),
    );
    return isConfirmed
      ? null
      : {
          fault: "refused",
          why: `${direction}: wrote ${toKbps(bps)} kbit/s, read back ${toKbps(outcome.value)}`,
        };
  }

  /** A failed description does not make the router lost. */
  async function describe(): Promise<null> {
    isDescribed = true;
    const outcome = await router.describe();
    const { is, warnings: said } =
      outcome.kind === "done"
        ? outcome.value
        : { is: "unknown", warnings: [`cannot be queried: ${outcome.why}`] };
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
    if (!isAside(foreignWrites, clock.mono())) disown();
  }

  /**
   * Runs jobs until none is due; starts after the cycle, as starting one takes a millisecond. A lost router is back
   * when its rates are as desired, or writing is paused.
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
    const isSettled = DIRECTIONS.every(
      (name) => directions[name].oursBps !== null,
    );
    if (isSettled || isAside(foreignWrites, clock.mono()))
      outage.end({ backend });
  }

  function start(): void {
    if (nextJob() !== null) work = workOff().finally(() => (work = null));
  }

  return {
    request(rates) {
      setDesired(rates);
      if (work === null) start();
    },
    actualBps: () =>
      eachDirection((name) => finite(directions[name].actualBps)),
    view: () => ({
      backend,
      reachable: outage.why() === null && isKnown,
      sinceMs: outage.sinceMs(),
      error: outage.why(),
      warnings: isAside(foreignWrites, clock.mono())
        ? [...warnings, "another program sets the rates: writing is paused"]
        : warnings,
      writes: { ...counts },
    }),
    async leave(rates, deadlineMs) {
      pace = isUrgent(pace);
      buckets = fullBuckets(pace, clock.mono());
      setDesired(rates);
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

/** Whether the router answered with an error, so that the rate has not changed. */
const isAnswer = ({ fault }: RouterFault): boolean =>
  fault === "refused" || fault === "not_found" || fault === "unauthorized";

/** Null for a queue without a limit. */
const finite = (bps: number | null): number | null =>
  bps !== null && Number.isFinite(bps) ? bps : null;

const kbpsOrNull = (bps: number | null): number | null => {
  const known = finite(bps);
  return known === null ? null : toKbps(known);
};
