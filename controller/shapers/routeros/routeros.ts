import {
  type Direction,
  DIRECTIONS,
} from "../../../shared/contract/direction.js";
import {
  type Clock,
  type MonoMs,
  msSince,
} from "../../../shared/runtime/clock.js";
import {
  type Description,
  done,
  failed,
  type Outcome,
  type Rates,
  type Backend,
} from "../shaper.js";
import { parseLimit, type Queues, withLimit } from "./queue.js";
import type { Item, Session } from "./session.js";

/** What a RouterOS device says of itself, as far as rates depend on it. */
interface Facts {
  readonly resource: Item;
  readonly queues: readonly {
    readonly direction: Direction;
    readonly item: Item | null;
  }[];
  /** Its queue types; those of our queues at least. */
  readonly types: readonly Item[];
  /** Firewall rules that let connections pass by the queues. */
  readonly fastTrack: readonly Item[];
}

/** Asks a device for what {@link describe} judges. What it does not tell, such as IPv6 rules, is not there. */
export async function assess(
  session: Session,
  queues: Queues,
): Promise<Outcome<Description>> {
  const resource = await session.list("system/resource");
  if (resource.kind === "failed") return resource;
  const found = [];
  for (const direction of DIRECTIONS) {
    const name = queues.names[direction];
    const outcome = await session.list(`queue/${queues.kind}`, { name });
    if (outcome.kind === "failed") return outcome;
    found.push({ direction, item: outcome.value[0] ?? null });
  }
  const types = await session.list("queue/type");
  if (types.kind === "failed") return types;
  const fastTrack: Item[] = [];
  for (const menu of ["ip/firewall/filter", "ipv6/firewall/filter"]) {
    const action = "fasttrack-connection";
    const outcome = await session.list(menu, { action });
    if (outcome.kind === "done") fastTrack.push(...outcome.value);
  }
  return done(
    describe(queues, {
      resource: resource.value[0] ?? {},
      ...{ queues: found, types: types.value, fastTrack },
    }),
  );
}

/** What a device is, and what about it keeps rates from working. */
function describe(queues: Queues, facts: Facts): Description {
  const { "board-name": board = "?", version = "?" } = facts.resource;
  const isBypassed = facts.fastTrack.some(
    (rule) => rule["disabled"] !== "true" && rule["invalid"] !== "true",
  );
  const warnings = facts.queues.flatMap(({ direction, item }) => {
    const name = queues.names[direction];
    return item === null
      ? [`no ${queues.kind} queue '${name}'`]
      : faults(queues, direction, item, facts.types, isBypassed).map(
          (fault) => `queue '${name}' ${fault}`,
        );
  });
  return {
    is: `RouterOS ${version}, ${board}`,
    warnings: [...new Set(warnings)],
  };
}

function faults(
  { kind }: Queues,
  direction: Direction,
  item: Item,
  types: readonly Item[],
  isBypassed: boolean,
): string[] {
  const halves = (item["queue"] ?? "").split("/");
  const typeName =
    halves[kind === "simple" && direction === "download" ? 1 : 0];
  const type = types.find((one) => one["name"] === typeName);
  const parent = item["parent"] ?? "none";
  const passesBy =
    kind === "simple" ||
    parent === "global" ||
    (item["packet-mark"] ?? "") !== "";
  const limit = type?.["cake-bandwidth"] ?? "0";
  return [
    item["disabled"] === "true" && "is disabled",
    item["invalid"] === "true" && "is invalid",
    kind === "tree" && parent === "none" && "has no parent",
    isBypassed &&
      passesBy &&
      "is bypassed by FastTrack: give it an interface for a parent and no mark, or disable the fasttrack-connection rules",
    type?.["kind"] !== "cake" &&
      `is of type '${typeName}', kind ${type?.["kind"] ?? "unknown"}: must be cake`,
    type?.["kind"] === "cake" &&
      !/^(0(bps)?)?$/.test(limit) &&
      `is of type '${typeName}', which has a cake-bandwidth of its own: ${limit}`,
  ].filter((fault) => fault !== false);
}

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
): Backend {
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
    return last !== undefined && msSince(last.at, clock.mono()) < ID_GOOD_MS
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
