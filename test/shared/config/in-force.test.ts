import { expect } from "chai";
import fc from "fast-check";
import type { Loaded } from "../../../shared/config/config.js";
import {
  keysThatDiffer,
  openInForce,
} from "../../../shared/config/in-force.js";

const loaded = (ceiling: number, wan = "cable"): Loaded<number> => ({
  values: ceiling,
  shown: { wan, download: { ceiling } },
});

describe("openInForce()", () => {
  /** What the file says next; a text is what is wrong with it. */
  let next: Loaded<number> | string;
  let heard: string[];
  const read = () =>
    typeof next === "string"
      ? Promise.reject(new Error(next))
      : Promise.resolve(next);
  const opened = () => {
    heard = [];
    const inForce = openInForce(loaded(1), read, /^download\./);
    const listening = inForce.atHangup({
      accepted: (_, changed) => heard.push(`accepted ${changed.join()}`),
      refused: (why) => heard.push(`refused ${why}`),
    });
    return { inForce, listening };
  };
  const hangUp = async (found: Loaded<number> | string) => {
    next = found;
    process.emit("SIGHUP");
    await new Promise(setImmediate);
  };

  it("takes what may change while it runs", async () => {
    const { inForce, listening } = opened();
    await hangUp(loaded(2));
    expect(inForce.values).to.equal(2);
    expect(heard).to.deep.equal(["accepted download.ceiling"]);
    listening[Symbol.dispose]();
  });

  it("keeps all of the configuration before a file that changes more, and names the keys", async () => {
    const { inForce, listening } = opened();
    await hangUp(loaded(2, "vdsl"));
    expect(inForce.values).to.equal(1);
    expect(inForce.refused).to.match(
      /restart to change wan: the previous configuration/,
    );
    listening[Symbol.dispose]();
  });

  it("keeps the configuration before a wrong file, says so until a right one comes", async () => {
    const { inForce, listening } = opened();
    await hangUp("Cannot read x\nCannot read y");
    expect(inForce.values).to.equal(1);
    expect(inForce.refused).to.equal("Cannot read x; Cannot read y");
    await hangUp(loaded(1));
    expect(inForce.refused).to.equal(null);
    expect(heard.at(-1)).to.equal("accepted ");
    listening[Symbol.dispose]();
  });

  it("reads once more for all that were asked for while it read", async () => {
    const { inForce, listening } = opened();
    next = loaded(2);
    for (let i = 0; i < 5; i++) process.emit("SIGHUP");
    next = loaded(3);
    await new Promise(setImmediate);
    expect(inForce.values).to.equal(3);
    expect(heard).to.have.length(2);
    listening[Symbol.dispose]();
  });

  it("hears nothing any more once disposed", () => {
    const { listening } = opened();
    const before = process.listenerCount("SIGHUP");
    listening[Symbol.dispose]();
    expect(process.listenerCount("SIGHUP")).to.equal(before - 1);
  });
});

describe("keysThatDiffer()", () => {
  const group = fc.dictionary(
    fc.stringMatching(/^[a-z]{1,3}$/),
    fc.oneof(
      fc.integer(),
      fc.array(fc.integer()),
      fc.constant(null),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,2}$/), fc.integer()),
    ),
  );

  it("finds nothing between a configuration and itself", () => {
    fc.assert(
      fc.property(group, (a) => {
        expect(keysThatDiffer(a, structuredClone(a))).to.deep.equal([]);
      }),
    );
  });

  it("finds the same from either side, and something wherever two differ", () => {
    fc.assert(
      fc.property(group, group, (a, b) => {
        const keys = keysThatDiffer(a, b);
        expect(new Set(keysThatDiffer(b, a))).to.deep.equal(new Set(keys));
        const isSame = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        if (!isSame) expect(keys).not.to.be.empty;
      }),
    );
  });
});

const sorted = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value)
        .map(([key, each]) => [key, sorted(each)])
        .sort()
    : value;
