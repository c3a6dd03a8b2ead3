import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { expect } from "chai";
import { openTcBatch } from "../../../../controller/shapers/tc/batch.js";
import { askHealth } from "../../../../shared/runtime/health.js";
import { runFolder } from "../../../../shared/runtime/paths.js";
import { BIN, temporary } from "../../../cli/bin.js";
import { openStandIns } from "../../../fakes/stand-in.js";
import { until } from "../../../fakes/until.js";

const GOOD = `[{"kind":"cake","handle":"8001:","bytes":1,"root":true,"options":{"bandwidth":125000}}]`;

/** What a tc may say instead of an answer, as shell. */
const ANSWERS: Readonly<Record<string, string>> = {
  "options that are no JSON": `echo '[{"kind":"hfsc","handle":"1:","root":true,"options":{default 1 }}]'`,
  "half a line, and its end": `printf '[{"kind":"cake","handle":"80'; exit 0`,
  "a line cut in the middle": `echo '[{"kind":"cake","handle":"80'`,
  "no end of a line": "yes x | tr -d '\\n'",
  "bytes that are no text": `printf '[{"kind"\\377\\376\\200\\n'`,
  nothing: ":",
  null: "echo null",
  "no queue": "echo '[]'",
  "an object": "echo '{}'",
  "other types": `echo '[{"kind":[],"handle":{"toString":1},"root":true,"options":null}]'`,
  "a list in its place": `echo '[{"kind":"cake","root":true,"options":[{"bandwidth":{}}]}, 5, null]'`,
  "a rate that none has": `echo '[{"kind":"cake","handle":"8001:","root":true,"options":{"bandwidth":1e308}}]'`,
  "complaints without end": "while :; do echo no >&2; sleep 0.02; done",
};

/** A tc that answers each qdisc question with GOOD, or by the shell in a file of that name. */
const TC = `
cd "$(dirname "$0")"
while read -r object verb rest; do
  case "$object $verb" in
    "qdisc show") if [ -e says ]; then . ./says; else echo '${GOOD}'; fi;;
  esac
done`;

const CONFIG = `
wan: answers
probe: { reflectors: [127.0.0.1, 127.0.0.2, 127.0.0.3], fallback: "off" }
shaper: { upload_device: lo, download_device: ifb4lo }
download: { floor_mbps: 1, base_mbps: 1, ceiling_mbps: 1 }
upload: { floor_mbps: 1, base_mbps: 1, ceiling_mbps: 1 }
`;

describe("whatever tc answers, the controller goes on (CTRL-04)", function () {
  const folder = temporary();
  const { path } = folder;
  const bin = join(path, "bin");
  const run = runFolder(join(path, "run"));
  let said = "";
  const started: ChildProcessByStdio<null, null, Readable>[] = [];
  let controller: ChildProcessByStdio<null, null, Readable>;

  const says = (shell: string | null) =>
    shell === null
      ? rmSync(join(bin, "says"), { force: true })
      : writeFileSync(join(bin, "says"), shell);

  /** In a network namespace of its own, where nothing is but lo and an ifb. */
  function begin(): void {
    said = "";
    const script = `ip link set lo up && ip link add ifb4lo type ifb && ip link set ifb4lo up && PATH=${bin}:$PATH exec "$@"`;
    controller = spawn(
      "unshare",
      [
        ...["--net", "sh", "-c", script, "sh", process.execPath, BIN],
        ...["controller", "--config", join(path, "answers.yaml")],
        ...["--run-dir", run.root],
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    started.push(controller);
    controller.stderr
      .setEncoding("utf8")
      .on("data", (text: string) => (said += text));
  }
  const count = (word: string) => said.split(word).length - 1;
  const isAlive = () =>
    controller.exitCode === null && controller.signalCode === null;
  const saying = (word: string, times: number) =>
    until(() => {
      expect(isAlive(), `it ended: ${said}`).to.be.true;
      return count(word) >= times || null;
    }, 30_000);

  before(function () {
    if (process.getuid?.() !== 0) this.skip();
    mkdirSync(bin);
    writeFileSync(join(bin, "tc"), `#!/bin/sh\n${TC}\n`, { mode: 0o755 });
    writeFileSync(
      join(path, "answers.yaml"),
      `${CONFIG}state_dir: ${join(path, "state")}\n`,
    );
  });
  after(() => {
    for (const one of started) one.kill("SIGKILL");
    folder[Symbol.dispose]();
  });

  it("while it runs: router_lost, a reason, and back", async () => {
    begin();
    await saying("router_described", 1);
    for (const [what, shell] of Object.entries(ANSWERS)) {
      const lost = count("router_lost");
      says(shell);
      await saying("router_lost", lost + 1);
      const health = await askHealth(run.wanHealth("answers"));
      expect(health?.reasons.join(), what).to.include("router: ");
      says(null);
      await saying("router_back", lost + 1);
    }
    const rss = /VmHWM:\s+(\d+)/.exec(
      readFileSync(`/proc/${controller.pid}/status`, "latin1"),
    );
    expect(Number(rss?.[1]) / 1024, "MB").to.be.below(300);
    controller.kill("SIGKILL");
  }).timeout(120_000);

  it("at its start", async () => {
    for (const what of [
      "options that are no JSON",
      "half a line, and its end",
      "no end of a line",
      "null",
    ]) {
      says(ANSWERS[what] ?? null);
      begin();
      await saying("router_lost", 1);
      says(null);
      await saying("router_back", 1);
      expect(isAlive(), what).to.be.true;
      const ended = new Promise((done) => controller.once("exit", done));
      controller.kill("SIGKILL");
      await ended;
    }
  }).timeout(120_000);
});

describe("openTcBatch()", () => {
  /** Answers with the number of the question; the first one it complains of, and answers late. */
  const LATE = `
n=0
while read -r object verb device; do
  [ "$verb" = show ] || continue
  n=$((n + 1))
  if [ "$device" = late ]; then echo 'no such device' >&2; sleep "$(cat "$(dirname "$0")/wait")"; fi
  echo "[{\\"kind\\":\\"$device\\"}]"
done`;

  it("CTRL-05: takes no late answer for that of the next question", async () => {
    using programs = openStandIns();
    programs.program("tc", LATE);
    await using tc = openTcBatch();
    const kinds: string[] = [];
    // around the patience that it has
    for (const waitS of ["0.05", "0.2", "0.25", "0.26", "0.3", "0.4"]) {
      writeFileSync(join(programs.folder, "wait"), waitS);
      for (const device of ["late", "up", "down"]) {
        const answer = await tc.ask([`qdisc show ${device}`]);
        if (answer.kind === "failed") continue;
        kinds.push(answer.lines.join());
        expect(answer.lines).to.deep.equal([`[{"kind":"${device}"}]`]);
      }
    }
    expect(kinds.length).to.be.at.least(12);
  }).timeout(20_000);
});
