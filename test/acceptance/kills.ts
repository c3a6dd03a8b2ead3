import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  EVERY_MS,
  play,
  QUEUES,
  REPLAY,
  type Result,
  ROWS,
  SPEED,
} from "./kill-rows.js";

/**
 * What is lost of what is published, while recorder and controllers are killed, away and restarted (INTG-04).
 * `node dist/test/acceptance/kills.js [ROW...]`, without an argument all rows. They run at once, each in a process of its own: most
 * of the time they wait.
 */
const THIS = fileURLToPath(import.meta.url);

type Queue = keyof typeof QUEUES;

async function playApart(row: string, queue: Queue): Promise<Result> {
  const run = promisify(execFile);
  const args = [THIS, "--play", row, queue];
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout) as Result;
}

const print = (...cells: readonly (string | number)[]) =>
  console.log(`| ${cells.join(" | ")} |`);

async function table(names: readonly string[]): Promise<void> {
  console.log(
    `Frames at ${1_000 / EVERY_MS} a second; senders' clocks ${SPEED} times real time, minutes are theirs; ring ${REPLAY.minutes} min, ${REPLAY.megabytes} MB`,
  );
  console.log(
    "late: lost though the ring still held them when the recorder was back\n",
  );
  const head = ["kills", "sent", "stored", "lost", "doubled", "late", "gaps"];
  print("row", "PUB queue", ...head, "bounds exact");
  print(...Array<string>(head.length + 3).fill("---"));
  const cells = names.flatMap((row) =>
    (Object.keys(QUEUES) as Queue[]).map((queue) => ({
      row,
      queue,
      playing: playApart(row, queue),
    })),
  );
  for (const { row, queue, playing } of cells) {
    const { boundsOk, ...figures } = await playing;
    print(row, queue, ...Object.values(figures), boundsOk ? "yes" : "NO");
  }
}

const [first, ...rest] = process.argv.slice(2);
const [row = "", queue = ""] = rest;
if (first === "--play")
  console.log(JSON.stringify(await play(row, queue as Queue)));
else await table(first === undefined ? Object.keys(ROWS) : [first, ...rest]);
