import { expect } from "chai";
import fc from "fast-check";
import {
  type OneWayDelays,
  type RoundTrip,
  splitRoundTrip,
  withinDay,
} from "../../../../controller/probes/icmp/packet.js";
import { DAY_MS } from "../../../../shared/contract/units.js";
import type { MonoMs } from "../../../../shared/runtime/clock.js";

const BASE_MS = 10;

/** A round trip to a reflector whose clock is `aheadMs` ahead of ours and counts whole ms, 0 to a day. */
function trip(
  sentAt: number,
  queuesMs: { upload: number; download: number },
  aheadMs: number,
  tookMs = 0,
): RoundTrip {
  const there = sentAt + BASE_MS + queuesMs.upload;
  const ofDay = (ms: number) =>
    ((Math.floor(ms + aheadMs) % DAY_MS) + DAY_MS) % DAY_MS;
  return {
    sentAt: sentAt as MonoMs,
    receivedAt: (there + tookMs + BASE_MS + queuesMs.download) as MonoMs,
    receiveMs: ofDay(there),
    transmitMs: ofDay(there + tookMs),
  };
}

const IDLE = { upload: 0, download: 0 };
// in 1024ths, so that sums of them are exact
const ms = (min: number, max: number) =>
  fc.integer({ min: min * 1_024, max: max * 1_024 }).map((n) => n / 1_024);
const queue = ms(0, 4_000);
const queues = fc.record({ upload: queue, download: queue });
const ahead = ms(-DAY_MS, DAY_MS);
const start = fc.double({ min: 0, max: 1e9, noNaN: true });

/** Follows trips from an idle line on; the last is returned. */
const follow = (trips: readonly RoundTrip[]): OneWayDelays | null =>
  trips.reduce<OneWayDelays | null>(
    (legs, one) => splitRoundTrip(legs, one) ?? legs,
    null,
  );

describe("split()", () => {
  it("tells each way's queue to a ms, whatever the reflector's clock says, over midnight too", () => {
    fc.assert(
      fc.property(
        fc.tuple(start, ahead, fc.array(queues, { minLength: 1 })),
        ([startMs, aheadMs, all]) => {
          let legs = splitRoundTrip(null, trip(startMs, IDLE, aheadMs));
          all.forEach((queuesMs, i) => {
            // every five hours: some of them after the next midnight
            const at = startMs + (i + 1) * 5 * 3_600_000;
            legs = splitRoundTrip(legs, trip(at, queuesMs, aheadMs));
            for (const way of ["upload", "download"] as const)
              expect(legs?.oneWayMs[way]).to.be.closeTo(
                BASE_MS + queuesMs[way],
                1.001,
              );
          });
        },
      ),
    );
  });

  it("gives two ways that are the RTT together, less what the reflector took", () => {
    fc.assert(
      fc.property(
        fc.tuple(ahead, queues, fc.integer({ min: 0, max: 500 })),
        ([aheadMs, queuesMs, tookMs]) => {
          const { oneWayMs } = follow([
            trip(0, IDLE, aheadMs),
            trip(100, queuesMs, aheadMs, tookMs),
          ])!;
          expect(oneWayMs.upload + oneWayMs.download).to.be.closeTo(
            2 * BASE_MS + queuesMs.upload + queuesMs.download,
            1e-6,
          );
        },
      ),
    );
  });

  it("starts anew when the reflector's clock is set, and sees no queue in it", () => {
    // beyond what both ways take together; less than that looks like a queue
    const set = fc.double({
      min: 2 * BASE_MS + 3,
      max: DAY_MS / 2 - 1,
      noNaN: true,
    });
    fc.assert(
      fc.property(
        fc.tuple(ahead, set, fc.boolean()),
        ([aheadMs, byMs, isBack]) => {
          const later = aheadMs + (isBack ? -byMs : byMs);
          const { oneWayMs } = follow([
            trip(0, IDLE, aheadMs),
            trip(100, IDLE, aheadMs),
            trip(200, IDLE, later),
            trip(300, { upload: 0, download: 70 }, later),
          ])!;
          expect(oneWayMs.upload).to.be.closeTo(BASE_MS, 2.001);
          expect(oneWayMs.download).to.be.closeTo(BASE_MS + 70, 2.001);
        },
      ),
    );
  });

  it("never says that a way took less than nothing, or more than both, beyond what the clock's steps explain", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(queues, ahead)), (all) => {
        const trips = all.map(([queuesMs, aheadMs], i) =>
          trip(i * 300, queuesMs, aheadMs),
        );
        let legs: OneWayDelays | null = null;
        for (const one of trips) {
          legs = splitRoundTrip(legs, one) ?? legs;
          const { upload, download } = legs!.oneWayMs;
          expect(Math.min(upload, download)).to.be.at.least(-2);
        }
      }),
    );
  });

  it("makes nothing of times that make no sense", () => {
    const { receiveMs, ...rest } = trip(0, IDLE, 0);
    expect(
      splitRoundTrip(null, { ...rest, receiveMs, transmitMs: receiveMs - 1 }),
      "answered before it was asked",
    ).to.be.null;
    expect(
      splitRoundTrip(null, { ...rest, receiveMs, transmitMs: receiveMs + 100 }),
      "took longer than the whole",
    ).to.be.null;
  });
});

describe("withinDay()", () => {
  it("is the nearest difference over midnight", () => {
    fc.assert(
      fc.property(ahead, fc.integer({ min: -3, max: 3 }), (ms, days) => {
        const near = withinDay(ms + days * DAY_MS);
        expect(near).to.be.within(-DAY_MS / 2, DAY_MS / 2);
        const turns = (ms - near) / DAY_MS;
        expect(Math.abs(turns - Math.round(turns))).to.be.below(1e-9);
      }),
    );
  });
});
