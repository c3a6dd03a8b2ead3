import fc from "fast-check";
import type { ControlState } from "../../controller/law/control.js";
import { NO_COUNTER_UPDATES } from "../../controller/law/evidence.js";
import type { Policy, Reading } from "../../controller/law/inputs.js";
import type { RateState } from "../../controller/law/rate-state.js";
import { PRESETS } from "../../controller/law/tuning.js";
import type { Attribution } from "../../controller/law/two-way/attribution.js";
import { CAUSES } from "../../shared/contract/cause.js";
import {
  DIRECTIONS,
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import { type State, STATES } from "../../shared/contract/state.js";
import type { MonoMs } from "../../shared/runtime/clock.js";

/** Legal control states and readings, for laws that must hold from every one of them. */

export const REFLECTORS = 6;

export const POLICY: Policy = {
  limits: {
    download: {
      floorBps: 4e6,
      baseBps: 15e6,
      ceilingBps: 25e6,
      targetMs: 15,
      warnMs: 45,
      hardRedMs: 80,
    },
    upload: {
      floorBps: 2e6,
      baseBps: 8e6,
      ceilingBps: 12e6,
      targetMs: 15,
      warnMs: 45,
      hardRedMs: Infinity,
    },
  },
  restless: PRESETS.cable.restless,
  reflectors: REFLECTORS,
  spacingMs: 50,
};

const ms = (value: number): MonoMs => value as MonoMs;

/** The instant every generated state is at; what it remembers lies before, what it is patient for may lie after. */
export const NOW = ms(100_000);

const around = (beforeMs: number, afterMs: number) =>
  fc.double({ min: NOW - beforeMs, max: NOW + afterMs, noNaN: true }).map(ms);

const delta = () => fc.double({ min: -20, max: 300, noNaN: true });

const sample = () =>
  fc
    .record({
      age: fc.double({ min: 1, max: 1100, noNaN: true }),
      rtt: fc.double({ min: 1, max: 300, noNaN: true }),
      deltaMs: delta(),
      leanMs: fc.option(delta()),
    })
    .map(({ age, rtt, deltaMs, leanMs }) => ({
      sentAt: ms(NOW - age - rtt),
      receivedAt: ms(NOW - age),
      deltaMs,
      delayMs: {
        download: leanMs === null ? deltaMs : (deltaMs - leanMs) / 2,
        upload: leanMs === null ? deltaMs : (deltaMs + leanMs) / 2,
      },
      hasOneWay: leanMs !== null,
    }));

const rateState = (
  floorBps: number,
  ceilingBps: number,
): fc.Arbitrary<RateState> => {
  const bps = () => fc.double({ min: floorBps, max: ceilingBps, noNaN: true });
  return fc.record({
    bps: bps(),
    targetMs: fc.constant(15),
    mode: fc.oneof(
      fc.record({
        kind: fc.constant("grow" as const),
        settledAt: around(2000, 1000),
      }),
      fc.record({
        kind: fc.constant("drain" as const),
        returnToBps: bps(),
        refractoryUntil: around(2000, 2000),
      }),
      fc.record({
        kind: fc.constant("return" as const),
        returnToBps: bps(),
      }),
    ),
    cause: fc.constantFrom(...CAUSES.map((cause) => cause.name)),
    causeMs: fc.option(delta()),
    countsFrom: around(2000, 100),
    lastCut: fc.option(
      fc.record({
        deltaMs: fc.double({ min: 0, max: 300, noNaN: true }),
        bad: fc.nat(3),
        samples: fc.nat(3),
        seenBps: fc.option(bps()),
        at: around(5000, 0),
        isRepeat: fc.boolean(),
      }),
    ),
    carriedBps: fc.option(fc.double({ min: 1e5, max: 1e8, noNaN: true })),
    recalledBps: fc.option(fc.double({ min: 1e5, max: 1e8, noNaN: true })),
    restlessness: fc.record({
      changes: fc.double({ min: 0, max: 3.5, noNaN: true }),
      metAt: fc.option(around(30_000, 0)),
    }),
    peakLoad: fc.option(fc.double({ min: 0, max: 2, noNaN: true })),
    usedAt: around(30_000, 0),
  });
};

const baseline = fc.record({
  ms: fc.double({ min: 1, max: 100, noNaN: true }),
  at: around(5000, 0),
  skewMs: fc.option(delta()),
  leastMs: fc.double({ min: 1, max: 400, noNaN: true }),
  leastFrom: around(20_000, 0),
});

const attribution = (
  rate: PerDirection<fc.Arbitrary<RateState>>,
): fc.Arbitrary<Attribution> =>
  fc.record({
    turn: fc.constantFrom(...DIRECTIONS),
    turnFrom: around(2000, 0),
    cutTest: fc.option(
      fc.constantFrom(...DIRECTIONS).chain((suspect) =>
        fc.record({
          suspect: fc.constant(suspect),
          from: around(2000, 0),
          feltFrom: around(2000, 100),
          before: rate[suspect],
          result: fc.constantFrom("open", "confirmed"),
          isSecond: fc.boolean(),
        }),
      ),
    ),
  });

const traffic = fc
  .array(fc.record({ down: fc.nat(400_000), up: fc.nat(200_000) }), {
    maxLength: 48,
  })
  .map((steps) => {
    let [downloadBytes, uploadBytes] = [1e9, 1e8];
    return steps.map(({ down, up }, i) => ({
      at: ms(NOW - 25 * (steps.length - i)),
      downloadBytes: (downloadBytes += down),
      uploadBytes: (uploadBytes += up),
    }));
  });

export function controlState(policy = POLICY): fc.Arbitrary<ControlState> {
  const rate = eachDirection((direction) => {
    const { floorBps, ceilingBps } = policy.limits[direction];
    return rateState(floorBps, ceilingBps);
  });
  return fc
    .record({
      baselines: fc.array(fc.option(baseline), {
        minLength: REFLECTORS,
        maxLength: REFLECTORS,
      }),
      deltaMs: fc.option(delta()),
      deltaAt: fc.option(around(2000, 0)),
      samples: fc.array(sample(), { maxLength: 30 }),
      heardAt: fc.option(around(20_000, 0)),
      restedAt: fc.option(around(20_000, 0)),
      traffic,
      states: fc.tuple(
        fc.constantFrom<State>(...STATES),
        fc.constantFrom<State>("GREEN", "YELLOW", "RED"),
      ),
      ...rate,
      attribution: attribution(rate),
    })
    .map(({ baselines, deltaMs, deltaAt, samples, states, ...rest }) => ({
      at: NOW,
      estimate: { baselines, deltaMs, deltaAt },
      evidence: {
        samples: samples.sort((a, b) => a.sentAt - b.sentAt),
        heardAt: rest.heardAt,
        restedAt: rest.restedAt,
      },
      traffic: rest.traffic,
      counterUpdates: NO_COUNTER_UPDATES,
      state: { download: states[0], upload: states[1] },
      transition: { download: null, upload: null },
      rate: { download: rest.download, upload: rest.upload },
      attribution: rest.attribution,
    }));
}

/** The reading of a cycle, `elapsedMs` after NOW. */
export interface Beat {
  readonly now: MonoMs;
  readonly reading: Reading;
}

export const beat = (): fc.Arbitrary<Beat> =>
  fc
    .record({
      elapsedMs: fc.oneof(
        fc.constant(50),
        fc.double({ min: 0.1, max: 20_000, noNaN: true }),
      ),
      replies: fc.array(
        fc.record({
          reflector: fc.nat(REFLECTORS - 1),
          rttMs: fc.double({ min: 0.1, max: 1500, noNaN: true }),
          age: fc.double({ min: 0, max: 49, noNaN: true }),
          skewMs: fc.option(fc.integer({ min: -9000, max: 9000 })),
        }),
        { maxLength: 4 },
      ),
      lost: fc.nat(3),
      without: fc.constantFrom("none_yet", "asleep"),
    })
    .map(({ elapsedMs, replies, lost, without }) => {
      const now = ms(NOW + elapsedMs);
      return {
        now,
        reading: {
          kind: replies.length > 0 ? "reply" : lost > 0 ? "lost" : without,
          lost,
          traffic: [],
          counterUpdates: NO_COUNTER_UPDATES,
          replies: replies
            .map(({ reflector, rttMs, age, skewMs }) => {
              const receivedAt = ms(Math.max(NOW, now - age));
              return {
                reflector,
                rttMs,
                receivedAt,
                sentAt: ms(receivedAt - rttMs),
                oneWayMs:
                  skewMs === null
                    ? null
                    : {
                        upload: (rttMs + skewMs) / 2,
                        download: (rttMs - skewMs) / 2,
                      },
              };
            })
            .sort((a, b) => a.receivedAt - b.receivedAt),
        },
      };
    });

/** A cycle without any reply. */
export const silentBeat = (elapsedMs: number): Beat => ({
  now: ms(NOW + elapsedMs),
  reading: { kind: "none_yet", replies: [], lost: 0, traffic: [] },
});

export const ratesWithin = (policy: Policy) =>
  eachDirection((d) => policy.limits[d]);
