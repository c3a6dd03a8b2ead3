import { expect } from "chai";
import fc from "fast-check";
import { initial, step } from "../../../controller/law/control.js";
import { packetMs } from "../../../controller/law/rate-state.js";
import { PRESETS } from "../../../controller/law/tuning.js";
import { openRandom } from "../../../controller/simulation/random.js";
import {
  type Direction,
  DIRECTIONS,
  eachDirection,
} from "../../../shared/contract/direction.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";
import { between, play, use } from "./loop.js";

const { restless } = PRESETS.cable;
const LIMITS = { targetMs: 15, warnMs: 45, hardRedMs: 80 };
const FAST = { floorBps: 8e7, baseBps: 8e7, ceilingBps: 1e8, ...LIMITS };

/** The schema's least rate, bit/s. */
const LEAST_BPS = 1e5;
const BASE_RTT_MS = 20;

/** The law of an upload that is full and has no queue but the packets that are sent at its present rate. */
function causesOf(fromBps: number, packets: number, seed: number) {
  const upload = { ...LIMITS, floorBps: fromBps, baseBps: fromBps };
  const policy = {
    limits: { download: FAST, upload: { ...upload, ceilingBps: 1e9 } },
    ...{ restless, reflectors: 6, spacingMs: 50 },
  };
  const random = openRandom(seed, "packets");
  let state = initial(policy, 0 as MonoMs);
  let uploadBytes = 0;
  const causes = new Set<string>();
  for (let now = 50; now < 12_000; now += 50) {
    const { bps } = state.rate.upload;
    const isLoaded = now > 1000;
    if (isLoaded) uploadBytes += (bps * 50) / 8e3;
    const waitMs = isLoaded ? random.between(0, packets) * packetMs(bps) : 0;
    const rttMs = BASE_RTT_MS + waitMs;
    const at = now as MonoMs;
    const reply = {
      reflector: (now / 50) % 6,
      ...{ rttMs, sentAt: (now - rttMs) as MonoMs, receivedAt: at },
      oneWayMs: { upload: 10 + waitMs, download: 10 },
    };
    const traffic = [{ at, downloadBytes: 0, uploadBytes }];
    const reading = { kind: "reply", replies: [reply], lost: 0 } as const;
    state = step(state, { ...reading, traffic }, at, policy);
    if (isLoaded) causes.add(state.rate.upload.cause);
  }
  return { causes, bps: state.rate.upload.bps, state: state.state.upload };
}

describe("slow lines", function () {
  this.timeout(180_000);

  it("no delay that own packets explain causes a cut, another state or blocks a raise, whatever the rate (CTRL-08)", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.nat(1000),
        (factor, packets, seed) => {
          const fromBps = LEAST_BPS * factor;
          const { causes, bps, state } = causesOf(fromBps, packets, seed);
          expect([...causes]).to.not.include("cut");
          expect(bps).to.be.above(2 * fromBps);
          expect(state).to.equal("GREEN");
        },
      ),
      { numRuns: 60 },
    );
  });

  it("no floor is a trap: a full and perfect line is used, from any base (CTRL-08)", () => {
    const scenes: readonly (readonly [boolean, ...Direction[]])[] = [
      [true, "upload"],
      [true, "download"],
      [true, "download", "upload"],
      [false, "upload"],
      [false, "download"],
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...scenes),
        fc.double({ min: Math.log(0.12), max: Math.log(8), noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(1000),
        ([hasOneWay, ...loaded], logMbps, height, seed) => {
          const mbps = Math.exp(logMbps);
          const line = { download: 8 * mbps, upload: mbps };
          const limits = eachDirection((d) => {
            const ceilingBps = 1.25e6 * line[d];
            const baseBps = LEAST_BPS + height * (ceilingBps - LEAST_BPS);
            return { ...LIMITS, floorBps: LEAST_BPS, baseBps, ceilingBps };
          });
          const beats = play({
            download: [[0, line.download]],
            upload: [[0, line.upload]],
            flows: eachDirection((d) => (loaded.includes(d) ? 4 : 0)),
            ...{ seconds: 45, seed, hasOneWay, policy: { limits } },
          });
          const used = use(between(beats, 25, 45));
          for (const direction of DIRECTIONS)
            if (loaded.includes(direction))
              // about 0.8 where ACKs wait behind an upload of 0.16 Mbit/s; in a trap it would be the floor's share
              expect(used[direction], direction).to.be.above(0.6);
        },
      ),
      { numRuns: 40 },
    );
  });
});
