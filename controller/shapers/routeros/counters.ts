import { clearInterval, setInterval } from "node:timers";
import { type Clock, later, since } from "../../../shared/runtime/clock.js";
import type { Link } from "../../condition/classification.js";
import type { Counted } from "../../law/inputs.js";
import type { Counters } from "../../line/counters.js";
import type { Item, Session } from "./session.js";

/** Five times a second. Rarer, and cuts are sized by what passed before the queue stood; each costs the router some ms of its processor. */
const PERIOD_MS = 200;

/** Values kept for a cycle that is late; older ones are dropped. */
const KEPT_MAX = 8;

/**
 * What an interface of a RouterOS device received and sent. One question at a time, on the session that writes use too.
 * No value while the router is away: that is told where rates are written.
 */
export function openRouterOsCounters(
  session: Session,
  name: string,
  clock: Clock,
): Counters {
  let kept: Counted[] = [];
  let link: Link | null = null;
  let isReading = false;

  async function read(): Promise<void> {
    const askedAt = clock.mono();
    const outcome = await session.list("interface", { name });
    const [item] = outcome.kind === "done" ? outcome.value : [];
    link = outcome.kind === "done" ? linkOf(item) : null;
    const downloadBytes = Number(item?.["rx-byte"] ?? NaN);
    const uploadBytes = Number(item?.["tx-byte"] ?? NaN);
    if (!Number.isFinite(downloadBytes + uploadBytes)) return;
    // it was counted somewhere between question and answer
    const at = later(askedAt, since(askedAt, clock.mono()) / 2);
    kept = [...kept, { at, downloadBytes, uploadBytes }].slice(-KEPT_MAX);
  }

  const timer = setInterval(() => {
    if (isReading) return;
    isReading = true;
    void read().finally(() => (isReading = false));
  }, PERIOD_MS);

  return {
    take() {
      const taken = kept;
      kept = [];
      return taken;
    },
    link: () => link,
    [Symbol.asyncDispose]() {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}

/** A PPPoE interface whose session is down is one that does not run. */
const linkOf = (item: Item | undefined): Link =>
  item === undefined ? "gone" : item["running"] === "false" ? "down" : "up";
