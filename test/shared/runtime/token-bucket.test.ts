import { expect } from "chai";
import fc from "fast-check";
import type { MonoMs } from "../../../shared/runtime/clock.js";
import {
  canTake,
  fullBucket,
  taken,
} from "../../../shared/runtime/token-bucket.js";

describe("a token bucket", () => {
  it("gives at most a burst and what time brings", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 }),
        (perS, burst, pauses) => {
          const limit = { perS, burst };
          let bucket = fullBucket(limit, 0 as MonoMs);
          let [now, count] = [0, 0];
          for (const pause of pauses) {
            now += pause;
            if (!canTake(limit, bucket, 1, now as MonoMs)) continue;
            bucket = taken(limit, bucket, 1, now as MonoMs);
            count++;
          }
          expect(count).to.be.at.most(burst + (perS * now) / 1e3 + 1e-6);
        },
      ),
    );
  });
});
