import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import type { Counted, Reply } from "../../../controller/law/inputs.js";
import {
  openSimulatedLine,
  type SimulatedLine,
  type SimulationOptions,
} from "../../../controller/simulation/line.js";
import {
  fixedPlan,
  type CapacityStep,
} from "../../../controller/simulation/plan.js";
import {
  DIRECTIONS,
  eachDirection,
  type PerDirection,
} from "../../../shared/contract/direction.js";
import { mbit } from "../../../shared/contract/units.js";
import { msSince } from "../../../shared/runtime/clock.js";

const BEAT_MS = 50;
const PROBING = { seed: 1, reflectors: 6, spacingMs: 50, lossMs: 1000 };

const constant = (mbps: number): CapacityStep[] => [
  { fromMs: 0, bps: mbit(mbps) },
];

/** A line of 20 ms whose buffers hold 1.5 s; Mbit/s. */
function open(
  steps: PerDirection<readonly CapacityStep[]>,
  flows: PerDirection<number>,
  options: Partial<SimulationOptions> = {},
): SimulatedLine {
  const plan = fixedPlan({ baseRttMs: 20, bufferMs: 1500, steps, flows });
  return openSimulatedLine({ plan, ...PROBING, ...options });
}

const line = (mbps: number, flows: number, options = {}) =>
  open(
    { download: constant(mbps), upload: constant(20) },
    { download: flows, upload: 0 },
    options,
  );

const shapeTo = (line: SimulatedLine, ratio: number) =>
  line.shape(eachDirection((d) => ratio * line.capacityBps()[d]));

/** Everything a line says from now on for that long, a take at each beat. */
function watch(line: SimulatedLine, ms: number, beatMs = BEAT_MS) {
  const replies: Reply[] = [];
  const traffic: Counted[] = [];
  let lost = 0;
  for (let t = 0; t < ms; t += beatMs) {
    line.advance(beatMs);
    const reading = line.take();
    replies.push(...reading.replies);
    traffic.push(...reading.traffic);
    lost += reading.lost;
  }
  return { replies, traffic, lost };
}

type Seen = ReturnType<typeof watch>;

/** RTT beyond what the same line adds when nobody uses it, by the share of replies that had less. */
function addedMs({ replies }: Seen, share: number): number {
  const idle = watch(line(100, 0), 10_000).replies;
  const least = (reflector: number) =>
    Math.min(
      ...idle.filter((r) => r.reflector === reflector).map((r) => r.rttMs),
    );
  const leasts = [0, 1, 2, 3, 4, 5].map(least);
  const added = replies
    .map((reply) => reply.rttMs - leasts[reply.reflector]!)
    .sort((a, b) => a - b);
  return added[Math.floor(share * added.length)]!;
}

/** bit/s over the WAN port. */
function carried({ traffic }: Seen): PerDirection<number> {
  const [first, last] = [traffic[0]!, traffic.at(-1)!];
  const seconds = msSince(first.at, last.at) / 1e3;
  return {
    download: (8 * (last.downloadBytes - first.downloadBytes)) / seconds,
    upload: (8 * (last.uploadBytes - first.uploadBytes)) / seconds,
  };
}

const digest = (seen: Seen) =>
  createHash("sha256").update(JSON.stringify(seen)).digest("hex");

describe("openSimulatedLine()", () => {
  it("adds no RTT while nobody uses it", () => {
    const idle = line(100, 0);
    shapeTo(idle, 0.95);
    const seen = watch(idle, 60_000);
    expect(seen.replies.length).to.be.above(1150);
    expect(addedMs(seen, 0.5)).to.be.below(1);
    expect(addedMs(seen, 0.99)).to.be.below(3);
  });

  it("adds seconds of RTT under a saturating download that no shaper holds", () => {
    const bloated = line(100, 4);
    shapeTo(bloated, 10);
    expect(addedMs(watch(bloated, 60_000), 0.95)).to.be.at.least(1000);
  });

  for (const mbps of [20, 100, 200])
    it(`has little delay and good use when shaped to 95 % of ${mbps} Mbit/s`, () => {
      const shaped = line(mbps, 4);
      shapeTo(shaped, 0.95);
      watch(shaped, 5000);
      const seen = watch(shaped, 60_000);
      expect(addedMs(seen, 0.95)).to.be.below(15);
      expect(carried(seen).download).to.be.within(
        0.85 * mbit(mbps),
        0.951 * mbit(mbps),
      );
    });

  for (const direction of DIRECTIONS)
    it(`is filled by four flows: ${direction}`, () => {
      const full = open(
        { download: constant(40), upload: constant(40) },
        { download: 0, upload: 0, [direction]: 4 },
      );
      watch(full, 5000);
      const seen = carried(watch(full, 30_000));
      expect(seen[direction]).to.be.at.least(0.9 * mbit(40));
    });

  it("makes RTT rise when its capacity falls below the shaper's rate", () => {
    const falling = open(
      {
        download: [...constant(100), { fromMs: 20_000, bps: mbit(50) }],
        upload: constant(20),
      },
      { download: 4, upload: 0 },
    );
    shapeTo(falling, 0.95);
    watch(falling, 10_000);
    expect(addedMs(watch(falling, 10_000), 0.9)).to.be.below(15);
    expect(falling.capacityBps().download).to.equal(mbit(50));
    const seen = watch(falling, 1000);
    expect(addedMs(seen, 0.9)).to.be.above(20);
    shapeTo(falling, 0.5);
    watch(falling, 3000);
    expect(addedMs(watch(falling, 5000), 0.9)).to.be.below(15);
  });

  it("uses as much of a line twice as fast", () => {
    const use = (mbps: number) => {
      const shaped = line(mbps, 4);
      shapeTo(shaped, 0.95);
      watch(shaped, 5000);
      return carried(watch(shaped, 60_000)).download / mbit(mbps);
    };
    expect(use(80)).to.be.closeTo(use(40), 0.03);
  });

  it("slows a download down when its acks wait in a bloated upload", () => {
    const both = open(
      { download: constant(100), upload: constant(10) },
      { download: 1, upload: 4 },
    );
    both.shape({ download: mbit(95), upload: mbit(100) });
    const bloated = carried(watch(both, 10_000)).download;
    both.shape({ download: mbit(95), upload: mbit(9.5) });
    watch(both, 10_000);
    expect(carried(watch(both, 10_000)).download).to.be.above(1.5 * bloated);
  });

  it("carries a download's acks in its upload", () => {
    const seen = carried(watch(line(100, 4), 10_000));
    expect(seen.upload / seen.download).to.be.within(0.005, 0.02);
  });

  it("carries no byte more than its capacity, whatever the shaper does", () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 60 }), {
          minLength: 3,
          maxLength: 8,
        }),
        fc.array(fc.integer({ min: 1, max: 80 }), {
          minLength: 3,
          maxLength: 8,
        }),
        (capacities, rates) => {
          const download = capacities.map((mbps, i) => ({
            fromMs: i * 1000,
            bps: mbit(mbps),
          }));
          const restless = open(
            { download, upload: constant(20) },
            { download: 3, upload: 1 },
          );
          let integral = 0;
          for (const mbps of rates) {
            restless.shape({ download: mbit(mbps), upload: mbit(mbps) });
            for (let ms = 0; ms < 1000; ms += 25) {
              integral += (restless.capacityBps().download * 25) / 8e3;
              restless.advance(25);
              const counted = restless.take().traffic.at(-1)!;
              expect(counted.downloadBytes).to.be.at.most(integral + 1);
            }
          }
        },
      ),
      { numRuns: 15 },
    ));
});

describe("SimulatedLine.take()", () => {
  it("knows no reply before it came, and each once, as they came", () => {
    const bloated = line(20, 4);
    let takenAt = 0;
    let lastAt = 0;
    let count = 0;
    for (let ms = 0; ms < 30_000; ms++) {
      const now = bloated.advance(1);
      for (const reply of bloated.take().replies) {
        expect(reply.receivedAt).to.be.within(takenAt, now);
        expect(reply.receivedAt).to.be.at.least(lastAt);
        expect(reply.rttMs).to.equal(msSince(reply.sentAt, reply.receivedAt));
        lastAt = reply.receivedAt;
        count++;
      }
      takenAt = now;
    }
    expect(count).to.be.above(500);
  });

  for (const direction of DIRECTIONS)
    it(`loses probes with what an overflowing queue loses: ${direction}`, () => {
      const idle = fixedPlan({
        baseRttMs: 20,
        bufferMs: 100,
        steps: { download: constant(20), upload: constant(20) },
        flows: { download: 0, upload: 0 },
      });
      const { background } = idle[direction];
      const flood = { ...background, steadyBps: mbit(40) };
      const plan = {
        ...idle,
        [direction]: { ...idle[direction], background: flood },
      };
      const { replies, lost } = watch(
        openSimulatedLine({ plan, ...PROBING }),
        60_000,
      );
      expect(lost / (lost + replies.length)).to.be.closeTo(0.5, 0.05);
    });

  it("counts a probe as lost at its deadline, and still hands over its late reply", () => {
    const bloated = line(20, 4, { lossMs: 500 });
    const { replies, lost } = watch(bloated, 30_000);
    const late = replies.filter((reply) => reply.rttMs > 500).length;
    expect(late).to.be.above(100);
    expect(lost).to.be.at.least(late);
  });

  it("says none_yet, then lost, when the line carries nothing, and replies again afterwards", () => {
    const outage = [
      { fromMs: 1000, bps: 0 },
      { fromMs: 4000, bps: mbit(20) },
    ];
    const dead = open(
      { download: [...constant(20), ...outage], upload: constant(20) },
      { download: 1, upload: 0 },
    );
    dead.advance(1100);
    dead.take();
    const kinds = Array.from({ length: 80 }, () => {
      dead.advance(BEAT_MS);
      return dead.take().kind;
    });
    // ms:    1100 .......... 2000 .......... 4000 ....
    // kinds: none_yet        lost            reply
    expect(kinds.indexOf("lost")).to.be.within(17, 20);
    expect(kinds.slice(0, 17)).to.deep.equal(Array(17).fill("none_yet"));
    expect(kinds.indexOf("reply")).to.be.within(57, 59);
    expect(kinds.slice(60)).to.include("reply");
  });

  it("counts bytes every 25 ms, and they only grow", () => {
    const { traffic } = watch(line(50, 2), 2000);
    expect(traffic.map(({ at }) => at)).to.deep.equal(
      Array.from({ length: 80 }, (_, i) => 25 * (i + 1)),
    );
    for (const [i, { downloadBytes }] of traffic.slice(1).entries())
      expect(downloadBytes).to.be.at.least(traffic[i]!.downloadBytes);
  });

  for (const plan of ["cable", "vdsl"] as const)
    it(`says the same bytes for the same seed, others for another: ${plan}`, () => {
      const said = (seed: number) => {
        const line = openSimulatedLine({ plan, ...PROBING, seed });
        line.shape({ download: mbit(90), upload: mbit(15) });
        return digest(watch(line, 20_000));
      };
      const first = said(1);
      expect(said(1)).to.equal(first);
      expect(said(2)).not.to.equal(first);
    });

  it("says the same however the time was cut up", () => {
    const said = (beatMs: number) => {
      const line = openSimulatedLine({ plan: "cable", ...PROBING });
      return digest(watch(line, 10_000, beatMs));
    };
    expect(said(1)).to.equal(said(50));
    expect(said(1000)).to.equal(said(50));
  });
});
