import { Dealer as Socket } from "zeromq";
import { later, since, type Clock, type MonoMs } from "../clock.js";
import { ipc } from "../paths.js";
import type { Ring } from "./ring.js";
import {
  decodeSync,
  encodeSync,
  SYNC_VERSION,
  WANT_MAX,
  type State,
  type SyncMessage,
} from "./sync.js";

/** Tells the recorder what is still held, and sends again what it lacks. Beside the cycle, never from within it. */
export interface Replayer extends AsyncDisposable {
  /**
   * Waits until the recorder has committed everything held, at most `limitMs`, and not at all when no recorder answers.
   * Says whether it has.
   */
  settle(limitMs: number): Promise<boolean>;
  readonly counts: {
    readonly hellos: number;
    /** Hellos and slices that found nobody, or a full queue. */
    readonly unsent: number;
    readonly answers: number;
    /** Messages that were no answer. */
    readonly refused: number;
    readonly resent: number;
  };
}

const HELLO_MS = 1_000;

/** While leaving, hellos are not once a second: there are only some tenths of one left. */
const LEAVING_HELLO_MS = 50;

/** A recorder that has not answered for so long is not waited for. */
const ANSWERED_MS = 2_500;

/** Frames in one message, and the pause after it: 500 take some 50 ms, and no beat waits for more than a slice. */
const SLICE = 25;
const SLICE_PAUSE_MS = 2;

/** A handful of hellos and slices: a recorder that stalls asks again anyway. */
const HIGH_WATER_MARK = 40;

export function openReplayer(
  source: string,
  boot: string,
  ring: Pick<Ring, "held" | "slice">,
  clock: Clock,
  path: string,
): Replayer {
  // `immediate`: nothing is queued for a recorder that is away; it would get hellos of long ago
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
  let committed = 0;
  let leaving = false;
  let wish: State["want"] = null;
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
    const held = ring.held();
    counts.hellos++;
    await send({
      v: SYNC_VERSION,
      kind: "hello",
      source,
      held: held === null ? [] : [{ boot, ...held }],
      leaving,
    });
  }

  async function greet(): Promise<void> {
    while (!closing.signal.aborted) {
      await hello();
      await pause(HELLO_MS);
    }
  }

  /** Answers the newest wish, in slices; a slice that cannot be sent ends it, and the recorder asks again. */
  async function resend(): Promise<void> {
    while (wish !== null && !closing.signal.aborted) {
      const { from, to } = wish;
      const first = Math.max(from, ring.held()?.first ?? from);
      const frames = ring.slice(first, Math.min(to, first + SLICE - 1));
      const next = first + frames.length;
      const done = frames.length === 0 || next > to;
      wish = done ? null : { from: next, to };
      const sent = await send(
        { v: SYNC_VERSION, kind: "resend", source, boot, from: first, done },
        frames,
      );
      if (sent) counts.resent += frames.length;
      else wish = null;
      await pause(SLICE_PAUSE_MS);
    }
    resending = null;
  }

  function hear(message: SyncMessage | null): void {
    if (message?.kind !== "state" || message.boot !== boot) {
      counts.refused++;
      return;
    }
    counts.answers++;
    answeredAt = clock.mono();
    committed = message.committed;
    if (message.want === null) return;
    const { from, to } = message.want;
    wish = { from, to: Math.min(to, from + WANT_MAX - 1) };
    resending ??= resend();
  }

  async function listen(): Promise<void> {
    for await (const [body] of socket) hear(decodeSync(body));
  }

  const isSettled = () => committed >= (ring.held()?.last ?? 0);
  const isAnswered = () =>
    answeredAt !== null && since(answeredAt, clock.mono()) < ANSWERED_MS;

  const working = [greet(), listen()];
  return {
    counts,
    async settle(limitMs) {
      leaving = true;
      const begun = clock.mono();
      while (
        isAnswered() &&
        !isSettled() &&
        since(begun, clock.mono()) < limitMs
      ) {
        await hello();
        await pause(
          Math.min(LEAVING_HELLO_MS, limitMs - since(begun, clock.mono())),
        );
      }
      return isSettled();
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      socket.close();
      await Promise.all([...working, resending]);
    },
  };
}
