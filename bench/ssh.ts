/**
 * What one set over SSH costs: over a connection that is held and lent, and over one for each. A real sshd on loopback;
 * the figures to compare are those of one run.
 */
import { readFileSync } from "node:fs";
import { openSsh } from "../shared/routeros/ssh.js";
import type { Session } from "../shared/routeros/session.js";
import { spreadOf } from "../test/e2e/spread.js";
import { openRouterOverSsh } from "../test/shared/routeros/router-over-ssh.js";

const SETS = Number(process.argv[2] ?? 40);
const DEADLINE_MS = 30_000;

/** proc_pid_stat(5): CPU of this process and of its children that have ended, ticks of 10 ms. */
function cpuMs(): number {
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return fields
    .slice(11, 15)
    .reduce((sum, ticks) => sum + 10 * Number(ticks), 0);
}

async function play(
  what: string,
  set: (i: number) => Promise<void>,
): Promise<void> {
  await set(0);
  const before = cpuMs();
  const tookMs: number[] = [];
  for (let i = 1; i <= SETS; i += 1) {
    const begun = performance.now();
    await set(i);
    tookMs.push(performance.now() - begun);
  }
  const { p50, p99 } = spreadOf(tookMs);
  const cpu = (cpuMs() - before) / SETS;
  console.log(
    `| ${what} | ${p50.toFixed(0)} | ${p99.toFixed(0)} | ${cpu.toFixed(1)} |`,
  );
}

async function setOver(session: Session, i: number): Promise<void> {
  const outcome = await session.set("queue/tree", "*1", {
    "max-limit": `${i}`,
  });
  if (outcome.kind === "failed") throw new Error(outcome.why);
}

await using router = await openRouterOverSsh();
router.cli.menus.set(
  "queue/tree",
  new Map([["*1", new Map([["max-limit", "0"]])]]),
);
const options = { ...router.options, deadlineMs: DEADLINE_MS };
console.log("| a set over | p50, ms | p99, ms | CPU of ours and ssh's, ms |");
console.log("| --- | ---: | ---: | ---: |");
await using held = openSsh(options);
await play("a connection that is held", (i) => setOver(held, i));
await play("a connection of its own", async (i) => {
  await using session = openSsh(options);
  await setOver(session, i);
});
