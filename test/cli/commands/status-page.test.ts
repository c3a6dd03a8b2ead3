import { expect } from "chai";
import fc from "fast-check";
import { overallStatus, statusPage } from "../../../cli/commands/status.js";
import type { Health } from "../../../shared/runtime/health.js";
import { widest } from "../bin.js";

const FINE = { status: "fine", reasons: [] } as const;

const direction = (state: string) => ({
  state,
  sinceMs: 12_400,
  wantedKbps: 187_000,
  enforcedKbps: 187_000,
  loadKbps: 142_000,
  why: "hold: not in full use, load 12 %",
});

const CONTROLLER: Health = {
  ...FINE,
  wan: "spectrum",
  uptimeMs: 11_520_000,
  loop: { cycles: 230_412, missed: 3, lateMs: 0.4 },
  condition: { name: "measuring", sinceMs: 7_200_000, why: null },
  measuring: {
    reading: "reply",
    replyAgeMs: 12,
    rttMs: 22.4,
    baselineMs: 21.8,
    deltaMs: 0.6,
  },
  router: { backend: "tc", reachable: true, sinceMs: 60_000, error: null },
  download: direction("GREEN"),
  upload: { ...direction("SOFT_RED"), enforcedKbps: null },
};

const RECORDER: Health = {
  ...FINE,
  recorder: {
    dbPath: "/var/lib/wanctl/metrics.db",
    dbBytes: 123_400_000,
    walBytes: 4_000_000,
    httpUrl: "http://127.0.0.1:9101",
    committed: 12_345,
    duplicates: 0,
    refused: 0,
    gaps: 1,
    missing: 25,
    waiting: 20,
    lastCommitMs: 1.2,
    lastCommitAgeMs: 420,
  },
  sources: [
    { name: "spectrum", boot: "0123456789abcdef", lastSeq: 4711, lagMs: 310 },
  ],
};

const page = (wans: Record<string, Health | null>, recorder: Health | null) =>
  statusPage(overallStatus(wans, recorder), "/run/wanctl").join("\n");

describe("statusPage()", () => {
  it("shows each WAN and the recorder (CLI-03)", () =>
    expect(page({ spectrum: CONTROLLER }, RECORDER)).to.equal(`\
spectrum  fine, up 3 h 12 min
  RTT       22.4 ms = baseline 21.8 + 0.6, last reply 22.4 ms
  line      measuring for 2 h
  reading   reply, last reply 12 ms ago
  download  GREEN for 12 s         wanted  187  enforced  187  load  142 Mbit/s
            hold: not in full use, load 12 %
  upload    SOFT_RED for 12 s      wanted  187  enforced    —  load  142 Mbit/s
            hold: not in full use, load 12 %
  router    tc, reachable for 60 s
  loop      230412 cycles, 3 cycles missed, 0.4 ms late

recorder  fine
  database  /var/lib/wanctl/metrics.db
            123 MB, WAL 4.0 MB
  http      http://127.0.0.1:9101
  frames    12345 committed, 20 waiting
            25 missing, 1 gaps, 0 refused, 0 duplicates
  commit    420 ms ago, took 1.2 ms
  sources   spectrum   lag 310 ms, frame 4711 of run 0123456789abcdef`));

  it("gives the reasons, and the router's error", () => {
    const degraded = {
      ...CONTROLLER,
      status: "degraded",
      reasons: ["router: no such device"],
      router: {
        backend: "tc",
        reachable: false,
        sinceMs: 3_000,
        error: "no such device",
      },
    } as const;
    expect(page({ spectrum: degraded }, RECORDER))
      .to.include("spectrum  degraded, up")
      .and.include("  ! router: no such device\n")
      .and.include("router    tc, unreachable for 3 s: no such device");
  });

  it("shows any answer, of any version, within 80 columns", () =>
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (controller, recorder) => {
        const wans = { spectrum: controller as unknown as Health | null };
        const shown = page(wans, recorder as unknown as Health | null);
        expect(widest(shown)).to.be.at.most(80);
      }),
    ));

  it("shows — for what another version does not say", () =>
    expect(page({ att: FINE }, FINE))
      .to.include("download  — for —")
      .and.include("router    —"));
});

describe("judge()", () => {
  for (const [wans, recorder, status, reasons] of [
    [{}, null, "not running", []],
    [{ att: null }, null, "not running", []],
    [{ att: FINE }, FINE, "fine", []],
    [{ att: FINE }, null, "degraded", ["recorder: not running"]],
    [{ att: FINE, cox: null }, FINE, "degraded", ["cox: not running"]],
    [{}, FINE, "degraded", ["no controller is running"]],
    [
      { att: { status: "degraded", reasons: ["a", "b"] } },
      FINE,
      "degraded",
      ["att: a", "att: b"],
    ],
    [{ att: {} }, FINE, "degraded", ["att: degraded"]], // another version's
  ] as const)
    it(`calls ${JSON.stringify({ wans, recorder })} ${status}`, () => {
      const judged = overallStatus(wans as never, recorder);
      expect(judged.status).to.equal(status);
      expect(judged.reasons).to.deep.equal(reasons);
    });
});
