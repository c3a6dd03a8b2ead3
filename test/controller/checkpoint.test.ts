import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import {
  openCheckpoint,
  type CheckpointOf,
} from "../../controller/checkpoint.js";
import {
  initial,
  NOTHING_KNOWN,
  type ControlState,
  type Known,
} from "../../controller/law/control.js";
import { ratesOf } from "../../controller/law/rate-state.js";
import { handClock } from "../fakes/hand-clock.js";
import { POLICY, REFLECTORS } from "../fakes/states.js";
import { temporaryFolder } from "../recorder/temporary.js";

const OF: CheckpointOf = {
  wan: "cable",
  line: "wan0 ifb4wan0",
  reflectors: Array.from({ length: REFLECTORS }, (_, i) => `10.0.0.${i}`),
  policy: POLICY,
};
const LEARNED: Known = {
  baselinesMs: [20, 21.5, null, 20, 20, 20],
  rateBps: { download: 19e6, upload: 9e6 },
  restless: { download: 0.8, upload: 0 },
};

describe("the checkpoint (CTRL-06)", () => {
  const folder = temporaryFolder();
  const clock = handClock();
  const file = () => join(folder.path, "state", "cable.json");
  let events: string[];
  beforeEach(() => (events = []));

  const open = (of = OF) =>
    openCheckpoint(file(), of, clock, (event) => events.push(event));

  const learned = (known = LEARNED): ControlState =>
    initial(POLICY, clock.mono(), known);

  async function save(state = learned(), of = OF): Promise<void> {
    const checkpoint = open(of);
    checkpoint.offer(state);
    await checkpoint.close();
  }

  it("gives back what was learned, and rates only while they are fresh (CTRL-07)", async () => {
    await save();
    expect(open().known).to.deep.equal(LEARNED);
    clock.advance(60_001);
    expect(open().known).to.deep.equal({ ...LEARNED, rateBps: null });
    clock.advance(86_400_000);
    expect(open().known.rateBps).to.equal(null);
    expect(open().known.baselinesMs).to.be.empty;
  });

  it("starts the law with it, clamped to the limits of today", async () => {
    await save(
      learned({ ...LEARNED, rateBps: { download: 24e6, upload: 9e6 } }),
    );
    const { download, upload } = POLICY.limits;
    const limits = { download: { ...download, ceilingBps: 20e6 }, upload };
    const policy = { ...POLICY, limits };
    const { known } = open({ ...OF, policy });
    const state = initial(policy, clock.mono(), known);
    expect(ratesOf(state.rate)).to.deep.equal({ download: 20e6, upload: 9e6 });
    expect(
      state.estimate.baselines.map((one) => one?.ms ?? null),
    ).to.deep.equal(LEARNED.baselinesMs);
  });

  it("knows nothing of another line, of the future, or where no file is", async () => {
    expect(open().known).to.deep.equal(NOTHING_KNOWN);
    await save();
    expect(open({ ...OF, line: "wan1 ifb4wan1" }).known).to.deep.equal(
      NOTHING_KNOWN,
    );
    expect(open({ ...OF, wan: "vdsl" }).known).to.deep.equal(NOTHING_KNOWN);
    clock.advance(-1);
    expect(open().known).to.deep.equal(NOTHING_KNOWN);
    expect(events).to.be.empty;
  });

  it("follows the addresses of the reflectors, not their order", async () => {
    await save();
    const reflectors = [...OF.reflectors].reverse();
    expect(open({ ...OF, reflectors }).known.baselinesMs).to.deep.equal(
      [...LEARNED.baselinesMs].reverse(),
    );
  });

  it("sets aside what is no checkpoint, and goes on with a new one", async () => {
    await save();
    const whole = readFileSync(file(), "utf8");
    for (const rubbish of [
      "",
      whole.slice(0, -9),
      '{"version":2}',
      whole.replace("20,", '"x",'),
      whole.replace('"version"', '"more":1,"version"'),
    ]) {
      events = [];
      writeFileSync(file(), rubbish);
      await save();
      expect(events).to.deep.equal(["checkpoint_refused"]);
      expect(readFileSync(`${file()}.corrupt`, "utf8")).to.equal(rubbish);
      expect(open().known).to.deep.equal(LEARNED);
    }
  });

  it("reads any bytes without throwing", () =>
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        open();
        writeFileSync(file(), bytes);
        expect(open().known).to.deep.equal(NOTHING_KNOWN);
      }),
    ));

  it("writes at most every five seconds, and nothing when nothing changed (CTRL-06)", async () => {
    const checkpoint = open();
    const text = () => (existsSync(file()) ? readFileSync(file(), "utf8") : "");
    /** The file once it is another than before; as it was, where it stays so. */
    const textAfter = async (state: ControlState, waitMs: number) => {
      const before = text();
      checkpoint.offer(state);
      for (let ms = 0; ms < waitMs && text() === before; ms += 10)
        await new Promise((done) => setTimeout(done, 10));
      return text();
    };
    const rateBps = { download: 5e6, upload: 5e6 };
    const other = learned({ ...LEARNED, rateBps });
    const first = await textAfter(learned(), 1_500);
    expect(first).to.not.equal("");
    clock.advance(4_900);
    expect(await textAfter(other, 50)).to.equal(first);
    clock.advance(100);
    const second = await textAfter(other, 1_500);
    expect(second).to.not.equal(first);
    clock.advance(5_000);
    expect(await textAfter(other, 50)).to.equal(second);
  });

  it("says once that it cannot write, and once that it can again", async () => {
    writeFileSync(join(folder.path, "state"), "in the way");
    const checkpoint = open();
    checkpoint.offer(learned());
    await checkpoint.close();
    expect(events).to.deep.equal(["checkpoint_lost"]);
    expect(checkpoint.view()?.error).to.be.a("string");
  });
});
