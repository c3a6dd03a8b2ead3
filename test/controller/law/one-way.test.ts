import { expect } from "chai";
import fc from "fast-check";
import {
  estimate,
  rememberedPath,
  type Sample,
} from "../../../controller/law/estimator.js";
import type { Reply } from "../../../controller/law/inputs.js";
import {
  DIRECTIONS,
  type PerDirection,
} from "../../../shared/contract/direction.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

const BASE_MS = 20;
const EVERY_MS = 300;

/** A reflector that reports whole milliseconds of its own clock, behind queues of the given lengths. */
function samplesOf(
  beats: number,
  queueMs: (atMs: number) => PerDirection<number>,
  clockMs: (atMs: number) => number,
): readonly (Sample & { readonly queueMs: PerDirection<number> })[] {
  let path = rememberedPath(1, [], 0 as MonoMs);
  return Array.from({ length: beats }, (_, i) => {
    const sentAtMs = i * EVERY_MS;
    const queue = queueMs(sentAtMs);
    const turnedAtMs = sentAtMs + BASE_MS / 2 + queue.upload;
    const receivedAtMs = turnedAtMs + BASE_MS / 2 + queue.download;
    const stampMs = Math.floor(turnedAtMs + clockMs(turnedAtMs));
    const reply: Reply = {
      reflector: 0,
      sentAt: sentAtMs as MonoMs,
      receivedAt: receivedAtMs as MonoMs,
      rttMs: receivedAtMs - sentAtMs,
      oneWayMs: {
        upload: stampMs - sentAtMs,
        download: receivedAtMs - stampMs,
      },
    };
    const { after, samples } = estimate(path, [reply], false);
    path = after;
    return { ...samples[0]!, queueMs: queue };
  });
}

const errorMs = ({ delayMs, queueMs }: ReturnType<typeof samplesOf>[number]) =>
  Math.max(
    ...DIRECTIONS.map((direction) =>
      Math.abs(delayMs[direction] - queueMs[direction]),
    ),
  );

const NONE = { download: 0, upload: 0 };
/** Three seconds of queue in each direction, apart from each other, every ten. */
const inTurns = (ms: number) => (atMs: number) => {
  const phase = atMs % 10_000;
  return phase > 3000 && phase < 6000
    ? { download: ms, upload: 0 }
    : phase > 7000 && phase < 9500
      ? { download: 0, upload: ms }
      : NONE;
};

describe("one-way delays", () => {
  it("are told apart whatever the reflector's clock shows, with a drift of up to 100 ppm", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -4e7, max: 4e7, noNaN: true }),
        fc.double({ min: -1e-4, max: 1e-4, noNaN: true }),
        fc.double({ min: 10, max: 300, noNaN: true }),
        (offMs, drift, ms) => {
          const seen = samplesOf(
            400,
            inTurns(ms),
            (atMs) => offMs + drift * atMs,
          );
          expect(seen.every(({ hasOneWay }) => hasOneWay)).to.be.true;
          expect(Math.max(...seen.map(errorMs))).to.be.below(3);
        },
      ),
      { numRuns: 50 },
    );
  });

  for (const [when, atMs] of [
    ["while no queue stands", 50_100],
    ["while a queue stands", 55_100],
  ] as const)
    it(`cut neither direction when the reflector's clock steps ${when}, and are known again soon`, () => {
      fc.assert(
        fc.property(
          fc
            .double({ min: 200, max: 1e6, noNaN: true })
            .chain((ms) => fc.constantFrom(ms, -ms)),
          (stepMs) => {
            const seen = samplesOf(400, inTurns(60), (now) =>
              now < atMs ? 0 : stepMs,
            );
            const told = seen.filter(({ hasOneWay }) => hasOneWay);
            expect(Math.max(...told.map(errorMs))).to.be.below(4);
            const again = seen.filter(({ sentAt }) => sentAt > atMs + 2500);
            expect(again.every(({ hasOneWay }) => hasOneWay)).to.be.true;
          },
        ),
        { numRuns: 50 },
      );
    });

  it("are learnt within one quiet moment when the controller starts under load", () => {
    const seen = samplesOf(
      60,
      (atMs) => (atMs < 3000 ? { download: 80, upload: 0 } : inTurns(40)(atMs)),
      () => 12_345,
    );
    const known = seen.filter(({ sentAt }) => sentAt > 6000);
    expect(Math.max(...known.map(errorMs))).to.be.below(6);
  });
});
