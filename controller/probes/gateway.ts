import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { maybe } from "../../shared/contract/units.js";
import {
  type Clock,
  later,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";
import { Failure } from "../../shared/runtime/failure.js";
import { decodeAnswer, encodeRequest } from "./icmp/packet.js";
import { type IcmpSocket, openIcmpSocket } from "./icmp/socket.js";
import { ownName, type ProbeRoute } from "./sockets.js";

/** Whether the gateway answers pings; probed only while no reflector answers, to locate the fault. */
export interface Gateway extends Disposable {
  /** Pings once a second while `isWanted`. Null if unknown. */
  look(isWanted: boolean, now: MonoMs): boolean | null;
}

/** Time between pings, ms. */
const ASK_EVERY_MS = 1_000;

/** ms. Without an answer for this long the gateway counts as not answering. */
const TRUE_MS = 2_500;

const SEQ_LIMIT = 2 ** 16;

/** RTF_UP and RTF_GATEWAY, <linux/route.h> */
const BY_GATEWAY = 0x3;

/**
 * The gateway of the default route with the lowest metric, of one device or any, from /proc/net/route (proc_net(5));
 * null if there is none: `wan 00000000 0102000A 0003 0 0 100 00000000 0 0 0`, the address in host byte order.
 */
export function parseGateway(
  table: string,
  device: string | null,
): string | null {
  let best: { address: string; metric: number } | null = null;
  for (const line of table.split("\n").slice(1)) {
    const [name, to, gateway = "", flags = "", , , cost] = line.split(/\s+/);
    const isOurs = device === null || name === device;
    const metric = Number(cost);
    if (!isOurs || to !== "00000000") continue;
    if ((parseInt(flags, 16) & BY_GATEWAY) !== BY_GATEWAY) continue;
    if (best !== null && best.metric <= metric) continue;
    const bytes = Buffer.from(gateway, "hex").reverse();
    best = { address: bytes.join("."), metric };
  }
  return best?.address ?? null;
}

export function openGateway(way: ProbeRoute, clock: Clock): Gateway {
  const id = randomInt(SEQ_LIMIT);
  let socket: IcmpSocket | null = null;
  let address: string | null = null;
  let askedFrom: MonoMs | null = null;
  let answeredAt: MonoMs | null = null;
  let askAt = clock.mono();
  let asked = 0;

  async function ask(): Promise<void> {
    const table = await readFile("/proc/self/net/route", "latin1");
    if (socket === null) return; // no longer wanted
    address = parseGateway(table, maybe(way.interface, ownName));
    if (address === null) return;
    askedFrom ??= clock.mono();
    const seq = asked++ % SEQ_LIMIT;
    const message = encodeRequest({ ask: "echo", id, seq, originateMs: 0 });
    if (socket.send(message, address) !== null) close();
  }

  function open(): IcmpSocket | null {
    try {
      return openIcmpSocket(way, clock);
    } catch (error) {
      if (error instanceof Failure) return null; // reported by the pinger
      throw error;
    }
  }

  function hear(now: MonoMs): void {
    for (let waiting; (waiting = socket?.receive());) {
      const answer = decodeAnswer(waiting.packet);
      if (answer?.id === id && answer.from === address) answeredAt = now;
    }
  }

  function close(): void {
    socket?.[Symbol.dispose]();
    socket = null;
  }

  function rest(): void {
    close();
    address = askedFrom = answeredAt = null;
  }

  return {
    look(isWanted, now) {
      if (!isWanted) {
        rest();
        return null;
      }
      if (now >= askAt) {
        askAt = later(now, ASK_EVERY_MS);
        socket ??= open();
        if (socket !== null) void ask().catch(() => undefined);
      }
      hear(now);
      if (askedFrom === null) return null;
      if (msSince(answeredAt ?? askedFrom, now) > TRUE_MS) return false;
      return answeredAt === null ? null : true;
    },
    [Symbol.dispose]: rest,
  };
}
