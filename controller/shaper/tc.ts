import { since, type Clock, type MonoMs } from "../../shared/clock.js";
import {
  DIRECTIONS,
  eachDirection,
  type Direction,
  type PerDirection,
} from "../../shared/direction.js";
import { toKbps } from "../../shared/units.js";
import type { Report } from "../report.js";
import { isDue, type Written } from "./pace.js";
import { askLines, parseEnforced, setLines, type Enforced } from "./qdisc.js";
import type { Shaper } from "./shaper.js";
import { openTcBatch, type Answer } from "./tc-batch.js";

/** How often rates are read back although nothing was written, and how soon a lost router is tried again. */
const READ_BACK_MS = 10_000;
const RETRY_MS = 1_000;

/** tc rounds HTB rates from 1 Gbit/s on when it prints them. */
const ROUNDING = 0.002;

const isAsked = (enforced: Enforced, bps: number): boolean =>
  toKbps(enforced.bps) === toKbps(bps) ||
  (enforced.kind === "htb" && Math.abs(enforced.bps - bps) <= ROUNDING * bps);

/**
 * Shapes with the qdiscs of this host: CAKE, or HTB where the kernel has none. The qdiscs must be there; one that is not
 * is a lost router, tried again every second. Each write is read back in the same breath, and that is what is enforced.
 */
export function openTc(
  devices: PerDirection<string>,
  clock: Clock,
  report: Report,
): Shaper {
  const tc = openTcBatch();
  const enforced: Record<Direction, Enforced | null> = {
    download: null,
    upload: null,
  };
  const written: Record<Direction, Written | null> = {
    download: null,
    upload: null,
  };
  let work: Promise<void> | null = null;
  let error: string | null = null;
  let changedAt = clock.mono();
  let nextLookAt: MonoMs = clock.mono();

  function judge(failure: string | null): void {
    const now = clock.mono();
    if (failure !== null) nextLookAt = (now + RETRY_MS) as MonoMs;
    if ((failure === null) === (error === null)) {
      error = failure;
      return;
    }
    const lastedMs = Math.round(since(changedAt, now));
    error = failure;
    changedAt = now;
    if (failure === null)
      report("router_back", { backend: "tc", lost_ms: lastedMs });
    else report("router_lost", { backend: "tc", why: failure });
  }

  /** Takes in what tc said of one device. @returns what is wrong, or null */
  function learn(direction: Direction, answer: Answer): string | null {
    if (answer.kind === "failed") return `${devices[direction]}: ${answer.why}`;
    const found = parseEnforced(answer.lines);
    if (found === null)
      return `${devices[direction]}: no cake with a bandwidth and no htb class 1:1 at its root`;
    enforced[direction] = found;
    return null;
  }

  async function look(direction: Direction): Promise<string | null> {
    const before = written[direction];
    const failure = learn(
      direction,
      await tc.ask(askLines(devices[direction])),
    );
    const found = enforced[direction];
    if (
      failure !== null ||
      found === null ||
      before === null ||
      isAsked(found, before.bps)
    )
      return failure;
    written[direction] = null; // somebody else's rate: ours is due again
    report("rate_foreign", {
      direction,
      found_kbps: toKbps(found.bps),
      ours_kbps: toKbps(before.bps),
    });
    return null;
  }

  async function write(
    direction: Direction,
    bps: number,
  ): Promise<string | null> {
    const found = enforced[direction];
    if (found === null) return `${devices[direction]}: not seen yet`;
    const device = devices[direction];
    const answer = await tc.ask([
      ...setLines(found.kind, device, bps),
      ...askLines(device),
    ]);
    const failure = learn(direction, answer);
    const now = enforced[direction];
    if (failure !== null) return failure;
    if (now === null || !isAsked(now, bps))
      return `${device}: refused${answer.kind === "answered" ? `: ${answer.complaint}` : ""}`;
    written[direction] = { bps, at: clock.mono() };
    return null;
  }

  const dueDirections = (wanted: PerDirection<number>): Direction[] =>
    DIRECTIONS.filter((direction) =>
      isDue(written[direction], wanted[direction], clock.mono()),
    )
      // cuts first
      .sort((a, b) => Number(isRaise(a, wanted)) - Number(isRaise(b, wanted)));

  const isRaise = (
    direction: Direction,
    wanted: PerDirection<number>,
  ): boolean => wanted[direction] > (enforced[direction]?.bps ?? 0);

  async function everyDirection(
    act: (direction: Direction) => Promise<string | null>,
    directions: readonly Direction[],
  ): Promise<string | null> {
    for (const direction of directions) {
      const failure = await act(direction);
      if (failure !== null) return failure;
    }
    return null;
  }

  /** One round: a read-back when it is time, then what is due of the newest wish. */
  async function round(wanted: PerDirection<number>): Promise<void> {
    let failure: string | null = null;
    if (error !== null || clock.mono() >= nextLookAt) {
      nextLookAt = (clock.mono() + READ_BACK_MS) as MonoMs;
      failure = await everyDirection(look, DIRECTIONS);
    }
    failure ??= await everyDirection(
      (direction) => write(direction, wanted[direction]),
      dueDirections(wanted),
    );
    if (failure !== null)
      for (const direction of DIRECTIONS) written[direction] = null;
    judge(failure);
  }

  const hasWork = (wanted: PerDirection<number>): boolean =>
    error === null
      ? clock.mono() >= nextLookAt || dueDirections(wanted).length > 0
      : clock.mono() >= nextLookAt;

  function start(wanted: PerDirection<number>): Promise<void> {
    const running = round(wanted).finally(() => (work = null));
    work = running;
    return running;
  }

  return {
    request(wanted) {
      if (work === null && hasWork(wanted)) void start(wanted);
    },
    enforcedBps: () =>
      eachDirection((direction) => enforced[direction]?.bps ?? null),
    view: () => ({
      backend: "tc",
      reachable:
        error === null &&
        enforced.download !== null &&
        enforced.upload !== null,
      sinceMs: Math.round(since(changedAt, clock.mono())),
      error,
    }),
    async leave(rates, deadlineMs) {
      const settled = (async () => {
        await work;
        for (const direction of DIRECTIONS)
          if (written[direction]?.bps !== rates[direction])
            written[direction] = null;
        await start(rates);
      })();
      await Promise.race([
        settled,
        new Promise((done) => setTimeout(done, deadlineMs).unref()),
      ]);
    },
    [Symbol.asyncDispose]: () => tc[Symbol.asyncDispose](),
  };
}
