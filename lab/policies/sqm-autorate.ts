import type { Counted } from "../../controller/law/inputs.js";
import type { SimulatedReply } from "../../controller/simulation/probes.js";
import type { Random } from "../../controller/simulation/random.js";
import {
  type Direction,
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import { type MonoMs, msSince } from "../../shared/runtime/clock.js";
import type { LabPolicy } from "../policy.js";

const REFLECTORS = 5;
const CYCLE_MS = 500;
const RECENT_KEEPS = 0.42;
const BASELINE_KEEPS = 0.9974;
/** Index of the delay that decides, among those of five reflectors: their median. */
const RANK = 2;
const FRESH_MS = 2 * CYCLE_MS;
const DELAY_MS = 15;
const HIGH_LOAD = 0.8;
const FLOOR_RATIO = 0.2;
const START_RATIO = 0.6;
const SAFE_RATES = 100;
const SAFE_FROM = 0.75;
const SAFE_TO = 0.95;
const RAISE = 0.1;
const RAISE_BASE = 0.03;
const CUT = 0.9;

interface Peer {
  heardAt: MonoMs;
  recentMs: number;
  baselineMs: number;
}

/**
 * sqm-autorate, reimplemented from a description of its behaviour: one-way delays, the median of five reflectors, every
 * half second a raise towards rates that were safe before, or a cut to the lower of 90 % of the achieved rate and a
 * random safe rate. Its base is the nominal rate. Without its selection of reflectors.
 */
export const SQM_AUTORATE: LabPolicy = {
  name: "sqm-autorate",
  title: "sqm-autorate with its defaults: 15 ms one way, median of five",
  reflectors: REFLECTORS,
  spacingMs: CYCLE_MS / REFLECTORS,
  cycleMs: CYCLE_MS,
  open({ nominalBps, random }) {
    const directions = eachDirection((d) =>
      openDirection(d, nominalBps[d], random),
    );
    let counted: Counted | null = null;
    return {
      decide({ replies, traffic }, now) {
        const newest = traffic.at(-1) ?? null;
        const before = counted;
        counted = newest ?? before;
        const ms =
          before === null || newest === null
            ? 0
            : msSince(before.at, newest.at);
        return eachDirection((d) => {
          directions[d].add(replies);
          const bytes =
            before === null || newest === null
              ? 0
              : newest[`${d}Bytes`] - before[`${d}Bytes`];
          return directions[d].next(ms > 0 ? (bytes * 8e3) / ms : 0, now);
        });
      },
    };
  },
};

function openDirection(direction: Direction, baseBps: number, random: Random) {
  const peers = new Map<number, Peer>();
  const safeBps = Array.from({ length: SAFE_RATES }, () =>
    random.between(SAFE_FROM * baseBps, SAFE_TO * baseBps),
  );
  let place = 0;
  let bps = START_RATIO * baseBps;

  function addReply(reply: SimulatedReply) {
    const ms = oneWayOf(reply, direction);
    const peer = peers.get(reply.reflector);
    if (peer === undefined) {
      peers.set(reply.reflector, {
        heardAt: reply.receivedAt,
        recentMs: ms,
        baselineMs: ms,
      });
      return;
    }
    peer.heardAt = reply.receivedAt;
    peer.recentMs = mix(peer.recentMs, ms, RECENT_KEEPS);
    peer.baselineMs = Math.min(
      peer.recentMs,
      mix(peer.baselineMs, ms, BASELINE_KEEPS),
    );
  }

  return {
    add: (replies: readonly SimulatedReply[]) => replies.forEach(addReply),
    /** One cycle; returns the rate, bit/s. */
    next(achievedBps: number, now: MonoMs): number {
      const deltasMs = [...peers.values()]
        .filter(({ heardAt }) => msSince(heardAt, now) <= FRESH_MS)
        .map(({ recentMs, baselineMs }) => recentMs - baselineMs)
        .sort((a, b) => a - b);
      const deltaMs = deltasMs[Math.min(RANK, deltasMs.length - 1)];
      if (deltaMs === undefined) {
        if (peers.size > 0) bps = FLOOR_RATIO * baseBps;
      } else if (deltaMs > DELAY_MS) {
        const safe = safeBps[Math.floor(random.between(0, SAFE_RATES))] ?? bps;
        bps = Math.min(CUT * achievedBps, safe);
      } else if (achievedBps > HIGH_LOAD * bps) {
        safeBps[place++ % SAFE_RATES] = achievedBps;
        const room = Math.max(0, 1 - bps / Math.max(...safeBps));
        bps = bps * (1 + RAISE * room) + RAISE_BASE * baseBps;
      }
      bps = Math.max(bps, FLOOR_RATIO * baseBps);
      return bps;
    },
  };
}

/** ICMP timestamps have a resolution of 1 ms. */
const oneWayOf = (
  { oneWayMs }: { readonly oneWayMs: PerDirection<number> },
  direction: Direction,
): number => Math.round(oneWayMs[direction]);

const mix = (old: number, fresh: number, keeps: number): number =>
  keeps * old + (1 - keeps) * fresh;
