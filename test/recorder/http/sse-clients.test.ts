import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { expect } from "chai";
import fc from "fast-check";
import { openSseClients } from "../../../recorder/http/routes/live.js";
import { cycle, stamped } from "../../fakes/frames.js";

/** A client that takes what it is sent when it is told to, piece by piece. */
class SlowClient extends Writable {
  readonly pieces: string[] = [];
  taken: (() => void) | null = null;
  override _write(piece: Buffer, _: string, taken: () => void): void {
    this.pieces.push(piece.toString());
    this.taken = taken;
  }
  writeHead(): this {
    return this;
  }
  async take(pieces: number): Promise<void> {
    for (let i = 0; i < pieces && this.taken !== null; i++) {
      const taken = this.taken;
      this.taken = null;
      taken();
      await Promise.resolve();
      await new Promise(setImmediate);
    }
  }
}

describe("openAudience()", () => {
  it("tells a slow client what is missing exactly where it is, and drops nothing else (API-01)", async () => {
    let isEver = false;
    const deed = fc.oneof(
      fc.record({ hear: fc.integer({ min: 1, max: 400 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 150 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { maxLength: 12 }), async (deeds) => {
        using sseClients = openSseClients();
        const client = new SlowClient();
        const response = client as unknown as ServerResponse;
        sseClients.join(response, {}, { wans: null, kinds: null });
        let seq = 0;
        const hear = () => sseClients.hear(stamped(cycle(), ++seq));
        for (const each of deeds)
          if ("take" in each) await client.take(each.take);
          else for (let i = 0; i < each.hear; i++) hear();
        await client.take(Infinity);
        hear();
        await client.take(Infinity);
        let [last, missing] = [0, 0];
        for (const piece of client.pieces) {
          const [, event, data = "{}"] =
            /^event: (\w+)\ndata: (.*)$/m.exec(piece) ?? [];
          const { frames = 0, seq: own = 0 } = JSON.parse(data) as {
            frames?: number;
            seq?: number;
          };
          if (event === "dropped") missing += frames;
          if (event !== "cycle") continue;
          expect(own).to.equal(last + missing + 1);
          isEver ||= missing > 0;
          [last, missing] = [own, 0];
        }
        expect(last).to.equal(seq);
      }),
      { numRuns: 60 },
    );
    expect(isEver, "something was dropped").to.be.true;
  });
});
