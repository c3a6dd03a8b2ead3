import { expect } from "chai";
import fc from "fast-check";
import { overallStatus, statusPage } from "../../cli/commands/status.js";
import { NO_CHECKPOINT } from "../../controller/checkpoint.js";
import { openConditionWatch } from "../../controller/condition/condition-watch.js";
import {
  openCallsWatch,
  openLearnedWatch,
  openRouterWatch,
} from "../../controller/condition/samples.js";
import { openHealthView } from "../../controller/condition/view.js";
import { openWatch } from "../../controller/condition/watch.js";
import { cycle } from "../../controller/cycle.js";
import type { ControlState } from "../../controller/law/control.js";
import type { Line } from "../../controller/line/line.js";
import { NO_WRITES } from "../../controller/shapers/shaper.js";
import type { EventName } from "../../shared/contract/event.js";
import {
  decodeFrame,
  encodeFrame,
  type Frame,
} from "../../shared/contract/frame.js";
import { METRICS } from "../../shared/contract/metrics.js";
import type { Clock, MonoMs, WallMs } from "../../shared/runtime/clock.js";
import { beat, type Beat, NOW, POLICY } from "../fakes/states.js";

const HEADER = {
  ...{ v: 3, source: "spectrum", boot: "0123456789abcdef" },
  ...{ seq: 1, at: 1e12, mono: 1_000 },
};

/** A controller in the hand, without a real line. */
function handController() {
  let now = NOW;
  let next: Beat["reading"] | null = null;
  let link: "up" | "gone" | null = null;
  const clock: Clock = {
    mono: () => now,
    wall: () => (1e12 + now) as WallMs,
    sleepUntil: () => Promise.resolve(),
  };
  const said: string[] = [];
  const report = (event: EventName) => void said.push(event);
  const line: Line = {
    startOf: () => now,
    take: () => next!,
    signs: () => ({
      ...{ link, device: "wan", gateway: null, asked: 6 },
      ...{ isFallback: false, isSparse: false },
      ...{ unknown: [], isNameless: false, pingerFault: null },
    }),
    probing: () => ({}),
    shaper: {
      request: () => undefined,
      actualBps: () => ({ download: null, upload: null }),
      view: () => ({
        ...{ backend: "none", reachable: false, sinceMs: 0, error: "no" },
        ...{ warnings: [], writes: NO_WRITES },
      }),
      leave: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    calls: () => ({ tc: { ok: 41, timeout: 1 } }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const frames: Frame[] = [];
  const publish = (message: object) =>
    void frames.push({ ...HEADER, ...message } as Frame);
  const condition = openConditionWatch(clock, report, publish);
  const parts = {
    ...{ line, bus: () => ({}), checkpoint: NO_CHECKPOINT, condition },
    config: { refused: null },
  };
  const view = openHealthView("spectrum", "0", parts, clock);
  const wan = {
    ...{ policy: POLICY, line, condition, view, checkpoint: NO_CHECKPOINT },
    publisher: { publish, lastUs: null },
    watch: openWatch(["one"], clock, report),
    calls: openCallsWatch(() => line.calls(), publish),
    router: openRouterWatch(publish),
    learned: openLearnedWatch(publish),
  };
  return {
    frames,
    health: () => view.health(),
    live(state: ControlState | null, { now: at, reading }: Beat) {
      now = at;
      next = reading;
      link = reading.lost > 1 ? "gone" : reading.lost > 0 ? "up" : null;
      return cycle(wan, state, { at: now, lateMs: 0, missed: 0 });
    },
  };
}

describe("cycle()", () => {
  it("CTRL-04, API-01: through any readings it gives frames that can be read, and health that can be told", () => {
    fc.assert(
      fc.property(fc.array(beat(), { maxLength: 8 }), (beats) => {
        const controller = handController();
        const told = () => {
          const health = controller.health();
          expect(JSON.stringify(health)).not.to.match(/NaN|Infinity|undefined/);
          const page = statusPage(
            overallStatus({ spectrum: health }, null),
            "run",
          );
          expect(page.join("\n")).not.to.match(/NaN|Infinity|undefined/);
          expect(health).to.have.nested.property("router.calls.tc.ok", 41);
          expect(health.status === "fine").to.equal(
            health.reasons.length === 0,
          );
        };
        told();
        let state: ControlState | null = null;
        let at = NOW;
        for (const each of beats) {
          const now = (at + (each.now - NOW)) as MonoMs;
          state = controller.live(state, { ...each, now });
          at = now;
          told();
        }
        const counted = controller.frames.filter(
          (frame) =>
            frame.kind === "sample" &&
            frame.metric === "wanctl_router_calls_total",
        );
        expect(counted.length > 0).to.equal(beats.length > 0);
        for (const frame of controller.frames)
          expect(decodeFrame(encodeFrame(frame)).frame.kind).to.equal(
            frame.kind,
          );
      }),
    );
  });

  it("tells every gauge at first and each minute, so that a recorder started at any time knows all of them within one", () => {
    const gauges = METRICS.flatMap(({ name, from }) =>
      // the WAN's controller does not steer
      from.kind === "sample" && name !== "wanctl_steering_enabled"
        ? [name]
        : [],
    );
    const controller = handController();
    const [reading] = fc.sample(beat(), 1).map((each) => each.reading);
    const told: (readonly [number, string])[] = [];
    let state: ControlState | null = null;
    for (let ms = 0; ms <= 300_000; ms += 500) {
      const before = controller.frames.length;
      const now = (NOW + ms) as MonoMs;
      state = controller.live(state, { now, reading: reading! });
      for (const frame of controller.frames.slice(before))
        if (frame.kind === "sample") told.push([ms, frame.metric]);
    }
    fc.assert(
      fc.property(fc.constantFrom(...gauges), fc.nat(240_000), (name, ms) => {
        expect(
          told.some(
            ([at, metric]) => metric === name && at >= ms && at - ms <= 60_500,
          ),
        ).to.equal(true);
      }),
    );
    for (const name of gauges) expect(told).to.deep.include([0, name]);
  });
});
