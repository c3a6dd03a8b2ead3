import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Reply } from "../../controller/law/inputs.js";
import { metronome } from "../../controller/line/metronome.js";
import { openAddresses } from "../../controller/probes/addresses.js";
import { openBudget } from "../../controller/probes/budget.js";
import { openFping } from "../../controller/probes/fping/fping.js";
import { openIcmp } from "../../controller/probes/icmp/icmp.js";
import type { ProbeConfig } from "../../controller/probes/pinger.js";
import { systemClock } from "../../shared/runtime/clock.js";
import type { Report } from "../../shared/runtime/outage.js";
import { start } from "./namespace.js";

/** The reflectors of the line, each probed every 300 ms. */
export const PROBE: ProbeConfig = {
  reflectors: [11, 12, 13, 14, 15, 16].map((last) => `10.0.3.${last}`),
  spacingMs: 50,
  lossMs: 1000,
  source: null,
  interface: null,
  method: "auto",
};

/** What a beat brought, or what was reported. */
interface Beat {
  readonly replies: readonly Reply[];
  readonly lost: number;
  readonly view: Readonly<Record<string, unknown>>;
}

/** A pinger on the shaper, without a controller around it. */
export interface Probing extends AsyncDisposable {
  readonly pid: number;
  readonly beats: readonly Beat[];
  readonly events: readonly string[];
  /** The replies from a place in `beats` on. */
  repliesFrom(place: number): Reply[];
  lostFrom(place: number): number;
}

const SELF = fileURLToPath(import.meta.url);

/** Method echo is fping, as in a controller. */
export function startProbing(settings: Partial<ProbeConfig> = {}): Probing {
  const probe = JSON.stringify({ ...PROBE, ...settings });
  const process = start(
    "shaper",
    `${globalThis.process.execPath} ${SELF} ${probe}`,
  );
  process.child.stderr.pipe(globalThis.process.stderr);
  const beats: Beat[] = [];
  const events: string[] = [];
  createInterface(process.child.stdout).on("line", (line) => {
    const said = JSON.parse(line) as Beat | { event: string };
    if ("event" in said) events.push(said.event);
    else beats.push(said);
  });
  return {
    pid: process.pid,
    beats,
    events,
    repliesFrom: (place) => beats.slice(place).flatMap((beat) => beat.replies),
    lostFrom: (place) =>
      beats.slice(place).reduce((sum, { lost }) => sum + lost, 0),
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

async function main(probe: ProbeConfig): Promise<void> {
  const say = (what: unknown) => console.log(JSON.stringify(what));
  const open = probe.method === "echo" ? openFping : openIcmp;
  const report: Report = (event, { why }) =>
    say({ event: [event, why].join(" ").trim() });
  const addresses = openAddresses(probe.reflectors, 4, systemClock, report);
  const budget = openBudget(1e5, systemClock.mono());
  const shared = { addresses, budget };
  const pinger = open(probe, systemClock, report, shared);
  for await (const { at } of metronome(
    50,
    systemClock,
    new AbortController().signal,
  ))
    say({ ...pinger.take(at), view: pinger.view() });
}

if (process.argv[1] === SELF)
  await main(JSON.parse(process.argv[2] ?? "") as ProbeConfig);
