import { type Host, run } from "../../bed/namespace.js";
import { LINE_KBPS } from "./stage.js";
import { AWAY_MS, SILENTLY, type Trouble } from "./trouble.js";

/** What lies between the line and the reflectors: filters, capacity, delay. */

const FILTERED = {
  begins: ["pings_filtered"],
  over: "pings_back",
  never: ["reflector_lost"],
  says: /pings are filtered/,
} as const;

const ONE_LOST = {
  begins: ["reflector_lost", "reflector_replaced"],
  over: "reflector_back",
  says: null,
  withinMs: AWAY_MS,
} as const;

const FEW = {
  begins: ["reflectors_few"],
  over: "reflectors_enough",
  never: ["pings_filtered"],
  says: /only \d of 6/,
  withinMs: AWAY_MS,
} as const;

/** Adds a rule for packets that enter or leave a host. */
function filter(host: Host, hook: "input" | "output", rule: string): void {
  run(host, "nft add table ip trouble");
  run(
    host,
    `nft add chain ip trouble filter { type filter hook ${hook} priority 0 ; }`,
  );
  run(host, `nft add rule ip trouble filter ${rule}`);
}

type Said = Pick<
  Trouble,
  "begins" | "over" | "says" | "never" | "withinMs" | "needs"
>;

const filtering = (
  what: string,
  holdMs: number,
  host: Host,
  hook: "input" | "output",
  rule: string,
  said: Said,
): Trouble => ({
  ...{ what, holdMs, ...said },
  begin: () => filter(host, hook, rule),
  end: () => run(host, "nft delete table ip trouble"),
});

/** What netem does to all answers of the server, and to those of the first reflector. */
function delay(all: string, first = all): void {
  const tc = (command: string) => run("server", `tc ${command}`);
  // nothing must pass meanwhile: an answer without delay would be the shortest path for long
  filter("server", "output", "drop");
  tc("qdisc del dev v0 root");
  tc("qdisc add dev v0 root handle 1: htb default 1");
  for (const [place, what] of [all, first].entries()) {
    const minor = place + 1;
    tc(`class add dev v0 parent 1: classid 1:${minor} htb rate 1gbit`);
    tc(`qdisc add dev v0 parent 1:${minor} netem delay ${what} limit 20000`);
  }
  tc(
    "filter add dev v0 parent 1: protocol ip u32 match ip src 10.0.3.11/32 flowid 1:2",
  );
  run("server", "nft delete table ip trouble");
}

const squeezed = (spell: string, holdMs: number, said: Said): Trouble => ({
  never: ["pings_filtered"],
  ...{ what: `line carries 64 kbit/s for ${spell}`, holdMs, ...said },
  begin: ({ system }) => system.line.capacity(64, 64),
  end: ({ system }) => system.line.capacity(LINE_KBPS, LINE_KBPS),
});

const noAnswer = {
  begins: ["measurement_lost"],
  over: "measurement_back",
  says: /no reflector answered/,
} as const;

export const PATHS: readonly Trouble[] = [
  filtering(
    "all ICMP dropped for 10 s",
    10_000,
    "server",
    "input",
    "ip protocol icmp drop",
    FILTERED,
  ),
  filtering(
    "all ICMP rejected for 10 s",
    10_000,
    "server",
    "input",
    "ip protocol icmp reject",
    { ...FILTERED, needs: "nft reject" },
  ),
  filtering(
    "own pings dropped on their way out for 10 s",
    10_000,
    "shaper",
    "output",
    "ip protocol icmp drop",
    FILTERED,
  ),
  filtering(
    "pings to one reflector dropped for 10 s",
    10_000,
    "server",
    "input",
    "ip daddr 10.0.3.16 ip protocol icmp drop",
    ONE_LOST,
  ),
  filtering(
    "pings to three of six dropped for 10 s",
    10_000,
    "server",
    "input",
    "ip daddr 10.0.3.11-10.0.3.13 ip protocol icmp drop",
    ONE_LOST,
  ),
  filtering(
    "pings to four of six dropped for 10 s",
    10_000,
    "server",
    "input",
    "ip daddr 10.0.3.12-10.0.3.15 ip protocol icmp drop",
    FEW,
  ),
  filtering(
    "ICMP limited to 5 a second for 10 s",
    10_000,
    "server",
    "input",
    "ip protocol icmp limit rate over 5/second burst 5 packets drop",
    { ...SILENTLY, needs: "nft limit" },
  ),
  {
    what: "one reflector is no longer there for 10 s",
    holdMs: 10_000,
    begin: () => run("server", "ip address del 10.0.3.16/24 dev v0"),
    end: () => run("server", "ip address add 10.0.3.16/24 dev v0"),
    ...ONE_LOST,
  },
  {
    what: "no reflector is there any more for 10 s",
    holdMs: 10_000,
    begin: ({ system }) => system.line.reflectors(false),
    end: ({ system }) => system.line.reflectors(true),
    ...noAnswer,
  },
  squeezed("100 ms", 100, SILENTLY),
  squeezed("1 s", 1_000, SILENTLY),
  squeezed("10 s", 10_000, noAnswer),
  {
    what: "path 20 ms longer for good",
    holdMs: 1_000,
    needs: "netem",
    begin: () => delay("40ms"),
    ...SILENTLY,
  },
  {
    what: "path 200 ms longer for good",
    holdMs: 5_000, // until it is felt
    needs: "netem",
    begin: () => delay("240ms"),
    ...SILENTLY,
  },
  {
    what: "path as short as at first",
    holdMs: 1_000,
    needs: "netem",
    begin: () => delay("20ms"),
    ...SILENTLY,
  },
  {
    what: "one reflector 200 ms farther for 10 s",
    holdMs: 10_000,
    needs: "netem",
    begin: () => delay("20ms", "220ms"),
    end: () => delay("20ms"),
    ...SILENTLY,
  },
  {
    what: "5 % of all packets lost for 10 s",
    holdMs: 10_000,
    needs: "netem",
    begin: () => delay("20ms loss 5%"),
    end: () => delay("20ms"),
    ...SILENTLY,
  },
];
