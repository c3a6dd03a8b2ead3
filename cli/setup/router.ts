import type {
  Item,
  Session,
} from "../../controller/shapers/routeros/session.js";
import { openSession } from "../../controller/shapers/routeros/transport.js";
import { DIRECTIONS } from "../../shared/contract/direction.js";
import { systemClock } from "../../shared/runtime/clock.js";
import { Failure } from "../../shared/runtime/failure.js";
import type { QueuesOfRouter } from "./proposal.js";

type Access = Pick<
  QueuesOfRouter,
  "host" | "port" | "user" | "passwordFile" | "fingerprint"
>;

/** Finds the queues of a MikroTik router, one per direction. Changes nothing. @throws Failure if there are none */
export async function queuesOf(access: Access): Promise<QueuesOfRouter> {
  const { host, port, user, passwordFile, fingerprint } = access;
  await using session = openSession(
    {
      ...{ host, user, wanInterface: null },
      ways: [
        {
          ...{ transport: "rest", port: port ?? 443, isPlain: false },
          ...{ caFile: null, fingerprint },
          secret: { kind: "file", path: passwordFile },
        },
      ],
      queues: { kind: "tree", names: { download: "", upload: "" } },
    },
    systemClock,
  );
  const asked: string[] = [];
  for (const queue of ["tree", "simple"] as const) {
    const names = (await listed(session, `queue/${queue}`)).flatMap(
      ({ name }) => name ?? [],
    );
    asked.push(...names);
    const queues = pairOf(names) ?? (queue === "simple" ? alone(names) : null);
    if (queues === null) continue;
    const wanInterface = await wanOf(session);
    return { kind: "router", ...access, queue, queues, wanInterface };
  }
  throw new Failure(
    `Cannot find the queues of router '${host}': there must be one for each direction, see docs/controller.md: got ${asked.join(", ") || "none"}`,
  );
}

async function listed(
  session: Session,
  menu: string,
): Promise<readonly Item[]> {
  const outcome = await session.list(menu);
  if (outcome.kind === "done") return outcome.value;
  throw new Failure(`Cannot ask the router: ${outcome.why}`);
}

const LIKE = { download: /down|(^|[^a-z])dl/i, upload: /up|(^|[^a-z])ul/i };

/** The queues whose names match the directions; null unless there is exactly one for each. */
function pairOf(names: readonly string[]): QueuesOfRouter["queues"] | null {
  const [download = [], upload = []] = DIRECTIONS.map((direction) =>
    names.filter((name) => LIKE[direction].test(name)),
  );
  const [down, up] = [download[0], upload[0]];
  const isClear = download.length === 1 && upload.length === 1 && down !== up;
  return isClear && down !== undefined && up !== undefined
    ? { download: down, upload: up }
    : null;
}

/** One simple queue may shape both directions. */
const alone = ([name, ...others]: readonly string[]) =>
  name !== undefined && others.length === 0
    ? { download: name, upload: name }
    : null;

/** The first interface in the list WAN, which RouterOS's default configuration creates. */
async function wanOf(session: Session): Promise<string | null> {
  const outcome = await session.list("interface/list/member", { list: "WAN" });
  return outcome.kind === "done"
    ? (outcome.value[0]?.["interface"] ?? null)
    : null;
}
