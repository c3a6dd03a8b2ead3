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

/** Facts about a RouterOS device that affect shaping. */
interface Facts {
  readonly resource: Item;
  readonly queues: readonly {
    readonly direction: Direction;
    readonly item: Item | null;
  }[];
  /** Its queue types; at least those of our queues. */
  readonly types: readonly Item[];
  /** Firewall rules that let connections bypass the queues. */
  readonly fastTrack: readonly Item[];
}

/** Reads the facts for {@link describe}. Rules that cannot be read (such as IPv6 ones) are taken as absent. */
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

/** Version and model of a device, and what keeps its queues from shaping. */
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
      "is bypassed by FastTrack: set an interface as its parent and no packet mark, or disable the fasttrack-connection rules",
    type?.["kind"] !== "cake" &&
      `is of type '${typeName}', kind ${type?.["kind"] ?? "unknown"}: must be cake`,
    type?.["kind"] === "cake" &&
      !/^(0(bps)?)?$/.test(limit) &&
      `is of type '${typeName}', which sets its own cake-bandwidth: ${limit}`,
  ].filter((fault) => fault !== false);
}

/** Item ids may change when the router restarts, which takes longer than this; older ids are looked up again. */
const ID_GOOD_MS = 5_000;

interface Seen {
  readonly item: Item;
  readonly at: MonoMs;
}

/** A backend for queues of a RouterOS device. The queues must exist. */
export function openRouterOs(
  session: Session,
  { kind, names }: Queues,
  clock: Clock,
): Backend {
  const menu = `queue/${kind}`;
  const seen = new Map<string, Seen>();

  /** Reads a queue by name. The name is checked: RouterOS returns all items if it does not know the filter. */
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
      ? failed("refused", `${names[direction]}: not a rate: got '${text}'`)
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
