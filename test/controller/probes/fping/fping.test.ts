import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  fpingArguments,
  openFping,
  parseReply,
} from "../../../../controller/probes/fping/fping.js";
import { later, systemClock } from "../../../../shared/runtime/clock.js";
import { until } from "../../../fakes/until.js";

const PROBE = {
  reflectors: ["10.0.3.11", "10.0.3.12"],
  spacingMs: 50,
  lossMs: 1000,
  source: null,
  interface: null,
  method: "echo" as const,
};

describe("parseReply()", () => {
  for (const [line, reply] of [
    [
      "[1795231333.06965] 10.0.3.11 : [0], 64 bytes, 40.4 ms (40.4 avg, 0% loss)",
      { host: "10.0.3.11", seq: 0, rttMs: 40.4, stampMs: 1_795_231_333_069.65 },
    ],
    [
      "[1795231333.06965] one.example  : [65535], 64 bytes, 0.023 ms (40.4 avg, 0% loss)",
      {
        host: "one.example",
        seq: 65_535,
        rttMs: 0.023,
        stampMs: 1_795_231_333_069.65,
      },
    ],
    [
      "[1795231333.06965] 10.0.3.11 : [3], timed out (NaN avg, 100% loss)",
      null,
    ],
    ["10.0.3.11 : [3], 64 bytes, 1 ms", null],
    [
      "ICMP Host Unreachable from 10.0.2.1 for ICMP Echo sent to 10.0.3.99",
      null,
    ],
    ["", null],
  ] as const)
    it(`reads ${JSON.stringify(line.slice(0, 50))} as ${reply === null ? "no reply" : "a reply"}`, () => {
      expect(parseReply(line)).to.deep.equal(reply);
    });
});

describe("fpingArguments()", () => {
  it("spreads the reflectors over the period, and lets answers take longer than it", () => {
    expect(fpingArguments(PROBE).join(" ")).to.equal(
      "-l -D -p 100 -i 50 -t 5000 10.0.3.11 10.0.3.12",
    );
  });
  it("leaves by the source and interface asked for", () => {
    const args = fpingArguments({
      ...PROBE,
      source: "192.0.2.1",
      interface: "wan",
    });
    expect(args.join(" ")).to.contain("-S 192.0.2.1 -I wan");
  });
});

describe("openFping()", () => {
  // A stand-in fping on PATH: the real one needs a capability. The network suites run the real one.
  const folder = mkdtempSync(join(tmpdir(), "wanctl-fping-"));
  const path = process.env["PATH"];
  before(() => (process.env["PATH"] = `${folder}:${path}`));
  after(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true });
  });
  const standIn = (script: string) => {
    writeFileSync(join(folder, "fping"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "fping"), 0o755);
  };
  const reply = "printf '[%s] 10.0.3.11 : [0], 64 bytes, 21.5 ms (x)\\n'";

  it("turns its lines into replies, and drops what waited too long", async () => {
    standIn(`${reply} "$(date +%s.%5N)"; ${reply} 1000000000.00000; sleep 60`);
    await using pinger = openFping(PROBE, systemClock, () =>
      expect.fail("no event"),
    );
    const answers = await until(() => {
      const taken = pinger.take(systemClock.mono());
      return taken.replies.length > 0 ? taken : null;
    });
    expect(
      answers.replies.map(({ reflector, rttMs }) => ({ reflector, rttMs })),
    ).to.deep.equal([{ reflector: 0, rttMs: 21.5 }]);
  });

  it("reports its end once, starts it again, and reports its return (CTRL-04)", async () => {
    const runs = join(folder, "runs");
    writeFileSync(runs, "");
    standIn(
      `echo >> ${runs}; [ $(wc -l < ${runs}) -lt 3 ] && { echo out of luck >&2; exit 4; }; ${reply} "$(date +%s.%5N)"; sleep 60`,
    );
    const events: string[] = [];
    await using _pinger = openFping(PROBE, systemClock, (event, detail) => {
      events.push(`${event} ${String(detail["why"] ?? "")}`.trim());
    });
    await until(() => events.includes("pinger_back") || null);
    expect(events).to.deep.equal(["pinger_lost out of luck", "pinger_back"]);
    expect(readFileSync(runs, "utf8")).to.equal("\n\n\n");
  });

  it("CTRL-04: ends one that prints what is no answer, with or without lines, and starts it again", async () => {
    for (const rubbish of ["yes rubbish", "tr '\\0' x </dev/zero"]) {
      const runs = join(folder, "rubbish");
      writeFileSync(runs, "");
      standIn(
        `echo >> ${runs}; [ $(wc -l < ${runs}) -lt 2 ] && exec ${rubbish}; ${reply} "$(date +%s.%5N)"; exec sleep 60`,
      );
      const events: string[] = [];
      await using pinger = openFping(PROBE, systemClock, (event, detail) => {
        events.push(`${event} ${String(detail["why"] ?? "")}`.trim());
      });
      await until(() => {
        pinger.take(systemClock.mono());
        return events.includes("pinger_back") || null;
      });
      expect(events[0]).to.match(
        /^pinger_lost unexpected output of fping: (rubbish|xxx)/,
      );
      expect(events).to.have.length(2);
    }
  });

  it("CTRL-04: ends one that hangs, loses nothing that was not sent, and starts it again", async () => {
    const runs = join(folder, "hung");
    writeFileSync(runs, "");
    standIn(
      `echo >> ${runs}; [ $(wc -l < ${runs}) -lt 2 ] && kill -STOP $$; ${reply} "$(date +%s.%5N)"; exec sleep 60`,
    );
    const events: string[] = [];
    await using pinger = openFping(PROBE, systemClock, (event, detail) => {
      events.push(`${event} ${String(detail["why"] ?? "")}`.trim());
    });
    await until(() => readFileSync(runs, "utf8") || null);
    pinger.take(later(systemClock.mono(), 7_000));
    expect(events).to.deep.equal([]);
    pinger.take(later(systemClock.mono(), 9_000));
    await until(() => events[0] ?? null);
    expect(pinger.take(systemClock.mono())).to.include({
      ...{ kind: "none_yet", lost: 0 },
    });
    await until(() => events.includes("pinger_back") || null);
    expect(events).to.deep.equal([
      "pinger_lost no output of fping for 8 s",
      "pinger_back",
    ]);
  });

  it("says what is missing when there is no fping", async () => {
    process.env["PATH"] = join(folder, "nowhere");
    const whys: unknown[] = [];
    await using _pinger = openFping(PROBE, systemClock, (_, { why }) =>
      whys.push(why),
    );
    await until(() => whys[0] ?? null).finally(
      () => (process.env["PATH"] = `${folder}:${path}`),
    );
    expect(whys[0]).to.match(/fping/);
  });
});
