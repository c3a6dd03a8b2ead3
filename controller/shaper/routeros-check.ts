import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import {
  done,
  type Item,
  type Outcome,
  type Session,
} from "../../shared/routeros/session.js";
import type { Description } from "./router.js";
import type { Queues } from "./routeros-queue.js";

/** What a RouterOS device says of itself, as far as rates depend on it. */
export interface Facts {
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
export function describe(queues: Queues, facts: Facts): Description {
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
