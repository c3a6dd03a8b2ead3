import { Dealer as Socket } from "zeromq";
import { type Clock, later, type MonoMs, msSince } from "../runtime/clock.js";
import { ipc } from "../runtime/paths.js";
import type { Ring } from "./ring.js";
import { type Spool, ringFromSpool } from "./spool.js";
import {
  decodeSync,
  encodeSync,
  type StateReply,
  SYNC_VERSION,
  type SyncMessage,
  WANT_MAX,
} from "./sync.js";

/** Tells the recorder which frames are held and resends those it lacks. Runs beside the cycle, never inside it. */
export interface Replayer extends AsyncDisposable {
  /**
   * Waits up to `limitMs` for the recorder to commit everything held; does not wait if no recorder answers.
   * @returns whether everything is committed
   */
  settle(limitMs: number): Promise<boolean>;
  /** Frames held but not committed, newest run first; empty if no recorder was ever heard. */
  spools(): Spool[];
  readonly counts: {
    readonly hellos: number;
    /** Hellos and slices that could not be sent: no recorder, or queue full. */
    readonly unsent: number;
    readonly answers: number;
    /** Messages that were not valid answers. */
    readonly refused: number;
    readonly resent: number;
  };
}

const HELLO_MS = 1_000;

/** Hello interval while stopping, ms: less than a second is left. */
const LEAVING_HELLO_MS = 50;

/** Without an answer for this long, ms, the recorder counts as away, and a stop does not wait for it. */
const ANSWERED_MS = 2_500;

/** Frames per message, and the pause after it, ms: 500 frames take some 50 ms; a cycle waits for one slice at most. */
const SLICE = 25;
const SLICE_PAUSE_MS = 2;

/** Messages queued in each direction; more are dropped: a recorder that stalls asks again anyway. */
const HIGH_WATER_MARK = 40;

/** Frames held of one run, and the last committed seq. */
interface Run {
  readonly boot: string;
  readonly ring: Pick<Ring, "held" | "slice">;
  committed: number;
}

interface ReplayerOptions {
  /** Frames of earlier runs, offered until they are committed. */
  readonly spools?: readonly Spool[];
  /** Called when all of them are committed. */
  readonly inherited?: () => void;
}

export function openReplayer(
  source: string,
  boot: string,
  ring: Pick<Ring, "held" | "slice">,
  clock: Clock,
  path: string,
  { spools = [], inherited }: ReplayerOptions = {},
): Replayer {
  // `immediate`: nothing is queued while the recorder is away, or it would receive stale hellos
  const socket = new Socket({
    linger: 0,
    immediate: true,
    sendTimeout: 0,
    sendHighWaterMark: HIGH_WATER_MARK,
    receiveHighWaterMark: HIGH_WATER_MARK,
    reconnectInterval: 100,
    maxMessageSize: 4096,
  });
  socket.connect(ipc(path));
  const closing = new AbortController();
  const counts = { hellos: 0, unsent: 0, answers: 0, refused: 0, resent: 0 };
  let answeredAt: MonoMs | null = null;
  const own: Run = { boot, ring, committed: 0 };
  let earlier: readonly Run[] = spools.map((each) => ({
    boot: each.boot,
    ring: ringFromSpool(each),
    committed: 0,
  }));
  const runs = () => [own, ...earlier];
  let leaving = false;
  let request:
    (NonNullable<StateReply["want"]> & { readonly run: Run }) | null = null;
  let resending: Promise<void> | null = null;

  const pause = (ms: number) =>
    clock.sleepUntil(later(clock.mono(), ms), closing.signal);

  async function send(message: SyncMessage, frames: readonly Buffer[] = []) {
    try {
      await socket.send([encodeSync(message), ...frames]);
      return true;
    } catch {
      counts.unsent++;
      return false;
    }
  }

  async function hello(): Promise<void> {
    counts.hellos++;
    await send({
      v: SYNC_VERSION,
      kind: "hello",
      source,
      held: runs().flatMap((run) => {
        const held = run.ring.held();
        return held === null ? [] : [{ boot: run.boot, ...held }];
      }),
      leaving,
    });
  }

  async function greet(): Promise<void> {
    while (!closing.signal.aborted) {
      await hello();
      await pause(HELLO_MS);
    }
  }

  /** Answers the newest request, in slices. If one cannot be sent the request is dropped; the recorder asks again. */
  async function resend(): Promise<void> {
    while (request !== null && !closing.signal.aborted) {
      const { run, from, to } = request;
      const first = Math.max(from, run.ring.held()?.first ?? from);
      const frames = run.ring.slice(first, Math.min(to, first + SLICE - 1));
      const next = first + frames.length;
      const done = frames.length === 0 || next > to;
      request = done ? null : { run, from: next, to };
      const head = { source, boot: run.boot, from: first, done };
      const sent = await send(
        { v: SYNC_VERSION, kind: "resend", ...head },
        frames,
      );
      if (sent) counts.resent += frames.length;
      else request = null;
      await pause(SLICE_PAUSE_MS);
    }
    resending = null;
  }

  function hear(message: SyncMessage | null): void {
    const run =
      message?.kind === "state"
        ? runs().find((each) => each.boot === message.boot)
        : undefined;
    if (message?.kind !== "state" || run === undefined) {
      counts.refused++;
      return;
    }
    counts.answers++;
    answeredAt = clock.mono();
    run.committed = message.committed;
    if (run !== own && isCommitted(run)) bury(run);
    if (message.want === null) return;
    const { from, to } = message.want;
    request = { run, from, to: Math.min(to, from + WANT_MAX - 1) };
    resending ??= resend();
  }

  /** The recorder has committed all of an earlier run. */
  function bury(run: Run): void {
    earlier = earlier.filter((each) => each !== run);
    if (earlier.length === 0) inherited?.();
  }

  async function listen(): Promise<void> {
    for await (const [body] of socket) hear(decodeSync(body));
  }

  const isCommitted = (run: Run) =>
    run.committed >= (run.ring.held()?.last ?? 0);
  const isSettled = () => runs().every(isCommitted);
  const isAnswered = () =>
    answeredAt !== null && msSince(answeredAt, clock.mono()) < ANSWERED_MS;

  const working = [greet(), listen()];
  return {
    counts,
    async settle(limitMs) {
      leaving = true;
      const begun = clock.mono();
      while (
        isAnswered() &&
        !isSettled() &&
        msSince(begun, clock.mono()) < limitMs
      ) {
        await hello();
        await pause(
          Math.min(LEAVING_HELLO_MS, limitMs - msSince(begun, clock.mono())),
        );
      }
      return isSettled();
    },
    spools: () =>
      answeredAt === null && earlier.length === 0
        ? []
        : runs().flatMap(remainsOf),
    async [Symbol.asyncDispose]() {
      closing.abort();
      socket.close();
      await Promise.all([...working, resending]);
    },
  };
}

function remainsOf({ boot, ring, committed }: Run): Spool[] {
  const held = ring.held();
  if (held === null || committed >= held.last) return [];
  const first = Math.max(held.first, committed + 1);
  return [{ boot, first, frames: ring.slice(first, held.last) }];
}
