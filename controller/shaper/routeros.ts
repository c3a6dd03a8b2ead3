import type { Direction } from "../../shared/contract/direction.js";
import {
  done,
  failed,
  type Item,
  type Outcome,
  type Session,
} from "../../shared/routeros/session.js";
import { type Clock, type MonoMs, since } from "../../shared/runtime/clock.js";
import type { Rates, Router } from "./router.js";
import { assess } from "./routeros-check.js";
import { parseLimit, type Queues, withLimit } from "./routeros-queue.js";

/** No router restarts faster, so an id seen so recently is still the item's; an older one may be another's. */
const ID_GOOD_MS = 5_000;

interface Seen {
  readonly item: Item;
  readonly at: MonoMs;
}

/** Queues of a RouterOS device as a router. They must be there; one that is not is a fault. */
export function openRouterOs(
  session: Session,
  { kind, names }: Queues,
  clock: Clock,
): Router {
  const menu = `queue/${kind}`;
  const seen = new Map<string, Seen>();

  /** A queue by name, as it is now. What comes back is checked: RouterOS answers everything where it knows no filter. */
  async function look(name: string): Promise<Outcome<Item>> {
    const at = clock.mono();
    seen.delete(name);
    const outcome = await session.list(menu, { name });
    if (outcome.kind === "failed") return outcome;
    const item = outcome.value.find((one) => one["name"] === name);
    if (item?.[".id"] === undefined)
      return failed("not_found", `no ${kind} queue '${name}'`);
    seen.set(name, { item, at });
    return done(item);
  }

  async function recent(name: string): Promise<Outcome<Item>> {
    const last = seen.get(name);
    return last !== undefined && since(last.at, clock.mono()) < ID_GOOD_MS
      ? done(last.item)
      : await look(name);
  }

  function rateIn(direction: Direction, item: Item): Outcome<number> {
    const text = item["max-limit"] ?? "";
    const bps = parseLimit(kind, direction, text);
    return bps === null
      ? failed("refused", `${names[direction]}: no rate: got '${text}'`)
      : done(bps);
  }

  async function readRate(direction: Direction): Promise<Outcome<number>> {
    const outcome = await look(names[direction]);
    return outcome.kind === "failed"
      ? outcome
      : rateIn(direction, outcome.value);
  }

  return {
    backend: "routeros",
    async readRates() {
      const [download, upload] = await Promise.all([
        readRate("download"),
        readRate("upload"),
      ]);
      if (download.kind === "failed") return download;
      if (upload.kind === "failed") return upload;
      return done<Rates>({ download: download.value, upload: upload.value });
    },
    async setRate(direction, bps) {
      const name = names[direction];
      const target = await recent(name);
      if (target.kind === "failed") return target;
      const text = target.value["max-limit"] ?? "";
      const outcome = await session.set(menu, target.value[".id"] ?? "", {
        "max-limit": withLimit(kind, direction, text, bps),
      });
      if (outcome.kind === "failed") {
        seen.delete(name);
        return outcome;
      }
      return await readRate(direction);
    },
    describe: async () => await assess(session, { kind, names }),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
