import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Direction } from "../../shared/contract/direction.js";
import type { WallMs } from "../../shared/runtime/clock.js";
import { SERVER } from "./line.js";
import { start } from "./namespace.js";

/** TCP flows between the client and the server that take all they get; so many in each direction they load. */
export interface Load {
  readonly loaded: Direction | "both";
  readonly flows: number;
  readonly congestion: "cubic" | "bbr";
}

/** CUBIC whatever the host's default: figures shall compare between machines. */
export const DOWNLOADS: Load = {
  loaded: "download",
  flows: 4,
  congestion: "cubic",
};

/** A flow that TCP lets wait for two minutes after an outage must not end all of them: longer than they last. */
const PATIENCE = "--rcv-timeout 4000000";

const IPERF_WAY = {
  download: `--reverse ${PATIENCE} `,
  upload: "", // only who receives has such patience
  both: `--bidir ${PATIENCE} `,
};

/** A load on the line, until it is disposed, or an outage ended it. */
export interface Transfers extends AsyncDisposable {
  readonly hasEnded: boolean;
}

export const openDownloads = (): Promise<Transfers> => openTransfers(DOWNLOADS);

export async function openTransfers({
  loaded,
  flows,
  congestion,
}: Load): Promise<Transfers> {
  const server = start("server", "iperf3 -s --forceflush");
  for await (const line of createInterface(server.child.stdout))
    if (line.includes("listening")) break;
  server.child.stdout.resume();
  const client = start(
    "client",
    `iperf3 -c ${SERVER} ${IPERF_WAY[loaded]}--parallel ${flows} -C ${congestion} -t 3600 -i 0`,
  );
  let isWanted = true;
  let output = "";
  client.child.stdout.on("data", (part) => (output += String(part)));
  client.child.stderr.on("data", (part) => (output += String(part)));
  return {
    get hasEnded() {
      return client.ended;
    },
    async [Symbol.asyncDispose]() {
      const stoppedEarly = isWanted && client.ended;
      isWanted = false;
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      if (stoppedEarly)
        throw new Error(`Cannot load the line: iperf3 ended: ${output.trim()}`);
    },
  };
}

/** One answered ping from client to server. */
export interface Ping {
  readonly sentAt: WallMs;
  readonly rttMs: number;
}

export const PING_EVERY_MS = 50;

/** Long answers count: fping waits 5 s for each, and several are on their way at once. */
export interface Pings extends AsyncDisposable {
  readonly answered: readonly Ping[];
}

/** `[1700000000.25] 10.0.3.2 : [12], 64 bytes, 20.1 ms (20.1 avg, 0% loss)`, stamped when it was printed. */
const ANSWER = /^\[([\d.]+)\].* ([\d.]+) ms \(/;

export function openPings(): Pings {
  const fping = start(
    "client",
    `fping -l -D -p ${PING_EVERY_MS} -t 5000 ${SERVER}`,
  );
  const answered: Ping[] = [];
  createInterface(fping.child.stdout).on("line", (line) => {
    const [, stamp, rtt] = ANSWER.exec(line) ?? [];
    if (stamp === undefined) return;
    const rttMs = Number(rtt);
    answered.push({ sentAt: (Number(stamp) * 1e3 - rttMs) as WallMs, rttMs });
  });
  return {
    answered,
    async [Symbol.asyncDispose]() {
      if (!fping.ended) {
        const exit = once(fping.child, "exit");
        fping.child.kill("SIGTERM");
        await exit;
      }
    },
  };
}
