import { randomInt } from "node:crypto";
import { openBackoff } from "../../../shared/runtime/backoff.js";
import {
  type Clock,
  later,
  type MonoMs,
  msSince,
} from "../../../shared/runtime/clock.js";
import { Failure } from "../../../shared/runtime/failure.js";
import { openOutage, type Report } from "../../../shared/runtime/outage.js";
import type { Reply } from "../../law/inputs.js";
import { metronome } from "../../line/metronome.js";
import {
  due,
  isResting,
  noRest,
  openOutstanding,
  type Stray,
} from "../outstanding.js";
import {
  answersOf,
  type Pinger,
  type ProbeConfig,
  type Shared,
} from "../pinger.js";
import {
  judgeReflectors,
  missed,
  openReflectors,
  replied,
} from "../reflectors.js";
import {
  answered,
  decodeAnswer,
  encodeRequest,
  isLoss,
  type Method,
  msOfDay,
  nextProbeType,
  type OneWayDelays,
  splitRoundTrip,
  TRIAL,
  unanswered,
} from "./packet.js";
import { type IcmpSocket, openIcmpSocket } from "./socket.js";

const REOPEN_MIN_MS = 250;
const REOPEN_MAX_MS = 5_000;

/**
 * Errors after which the socket is reopened: its interface or address may be gone, or the interface may be back with
 * another index.
 */
const PERHAPS_GONE = ["ENODEV", "ENXIO", "EINVAL", "ENETUNREACH"];

/** Packets read per cycle; the rest waits for the next. */
const PACKETS_MAX = 512;

const SEQ_LIMIT = 2 ** 16;

/**
 * The next reflector in turn. Each round starts with another one, so that a rate limit on replies does not always hit
 * the same reflector.
 */
const turnOf = (sent: number, reflectors: number): number =>
  (sent + Math.floor(sent / reflectors)) % reflectors;

/**
 * Probes from a raw socket: ICMP timestamps to the reflectors that answer them, echoes to the others. The cycle reads
 * it without waiting; the kernel's timestamps give the time of arrival.
 */
export function openIcmp(
  probe: ProbeConfig,
  clock: Clock,
  report: Report,
  { addresses, budget }: Shared,
): Pinger {
  const id = randomInt(SEQ_LIMIT);
  const outstanding = openOutstanding(id, probe.lossMs);
  const methods = probe.reflectors.map((): Method =>
    probe.method === "timestamps" ? { kind: "timestamps" } : TRIAL,
  );
  const delays = probe.reflectors.map((): OneWayDelays | null => null);
  const strays: Record<Stray, number> = {
    damaged: 0,
    foreign: 0,
    duplicate: 0,
    late: 0,
  };
  const stop = new AbortController();
  let socket: IcmpSocket | null = null;
  let reopenAt = clock.mono();
  const backoff = openBackoff(REOPEN_MIN_MS, REOPEN_MAX_MS);
  const outage = openOutage("pinger_lost", clock, report);
  let sent = 0;
  let pace = noRest(clock.mono());
  /** Whether the latest result was an answer, not a loss. */
  let isAnswered = false;
  let reflectors = openReflectors(probe.reflectors.length, clock.mono());

  /** With method `timestamps` nothing is decided. */
  function decide(reflector: number, method: Method): void {
    if (probe.method === "auto") methods[reflector] = method;
  }

  function close(): void {
    socket?.[Symbol.dispose]();
    socket = null;
  }

  function reopen(): void {
    try {
      socket = openIcmpSocket(probe, clock);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      reopenAt = later(clock.mono(), backoff.next());
      outage.begin(error.message, { why: error.message });
    }
  }

  /** Sends the next probe. If it cannot be sent it counts as unanswered. */
  function sendNext(): void {
    if (socket === null && clock.mono() >= reopenAt) reopen();
    const { probed } = reflectors;
    const reflector = probed[turnOf(sent, probed.length)] ?? 0;
    const seq = sent++ % SEQ_LIMIT;
    const { ask, after } = nextProbeType(
      methods[reflector] ?? TRIAL,
      clock.mono(),
    );
    decide(reflector, after);
    const originateMs = msOfDay(clock.wall());
    const address = addresses.of(reflector);
    if (address === null) return; // not resolved yet
    const message = encodeRequest({ ask, id, seq, originateMs });
    const sentAt = clock.mono();
    budget.spendPing(sentAt);
    outstanding.launch({
      ask,
      id,
      seq,
      originateMs,
      reflector,
      address,
      sentAt,
    });
    const refusal = socket?.send(message, address);
    if (PERHAPS_GONE.includes(refusal ?? "")) close();
  }

  /** The reply in a packet; null if it is not an answer to a probe in flight. */
  function replyIn(packet: Buffer, at: MonoMs): Reply | null {
    const answer = decodeAnswer(packet);
    const probe = answer === null ? "damaged" : outstanding.land(answer);
    if (answer === null || typeof probe === "string") {
      strays[probe as Stray]++;
      return null;
    }
    const { reflector, sentAt } = probe;
    const receivedAt = at < sentAt ? sentAt : at;
    const trip =
      answer.times &&
      splitRoundTrip(delays[reflector] ?? null, {
        sentAt,
        receivedAt,
        ...answer.times,
      });
    const rttMs = msSince(sentAt, receivedAt);
    reflectors = replied(reflectors, reflector, rttMs);
    delays[reflector] = trip ?? delays[reflector] ?? null;
    const method = methods[reflector] ?? TRIAL;
    decide(
      reflector,
      answer.ask === "timestamps" && trip === null
        ? unanswered(method, answer.ask)
        : answered(method, answer.ask, at),
    );
    return {
      reflector,
      sentAt,
      receivedAt,
      rttMs,
      oneWayMs: trip?.oneWayMs ?? null,
    };
  }

  function receive(): Reply[] {
    const replies: Reply[] = [];
    for (let i = 0; i < PACKETS_MAX; i++) {
      const waiting = socket?.receive() ?? null;
      if (waiting === null) break;
      const reply = replyIn(waiting.packet, waiting.at);
      if (reply !== null) replies.push(reply);
    }
    if (replies.length === 0) return replies;
    backoff.reset();
    outage.end();
    return replies;
  }

  /** Probes newly lost. */
  function losses(now: MonoMs): number {
    let lost = 0;
    for (const { reflector, ask } of outstanding.overdue(now)) {
      const method = methods[reflector] ?? TRIAL;
      if (isLoss(method, ask)) {
        lost++;
        reflectors = missed(reflectors, reflector);
      }
      decide(reflector, unanswered(method, ask));
    }
    return lost;
  }

  /** Replaces a reflector that is worse than the others. */
  function replaceWorst(now: MonoMs): void {
    const { after, replacement } = judgeReflectors(reflectors, now);
    reflectors = after;
    if (replacement === null) return;
    const { gone, come, fault } = replacement;
    report("reflector_replaced", {
      reflector: probe.reflectors[gone] ?? "",
      by: come === null ? "none" : (probe.reflectors[come] ?? ""),
      why: fault,
    });
  }

  function sendIfDue(): void {
    const { isDue, after } = due(pace, reflectors.probed.length, clock.mono());
    pace = after;
    if (isDue) sendNext();
  }

  const sending = (async () => {
    const cycles = metronome(probe.spacingMs, clock, stop.signal);
    while ((await cycles.next()).done !== true) sendIfDue();
  })();
  return {
    take(now) {
      const replies = receive();
      const lost = losses(now);
      replaceWorst(now);
      if (replies.length + lost > 0) isAnswered = replies.length > 0;
      const isAsleep = isAnswered && isResting(pace) && outstanding.isEmpty();
      return answersOf(replies, lost, isAsleep);
    },
    rest(roundMs) {
      pace = { ...pace, roundMs };
    },
    forget: () => outstanding.clear(),
    fault: () => outage.why(),
    view: () => ({
      by: "socket",
      asks: Object.fromEntries(
        reflectors.probed.map((i) => [
          probe.reflectors[i] ?? "",
          methods[i]?.kind,
        ]),
      ),
      strays,
    }),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await sending;
      close();
    },
  };
}
