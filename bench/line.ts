import { answerOnKernelWith } from "../test/bed/bed.js";
import { lacking, SHAPING, type Shaping } from "../test/bed/kernel.js";
import { openLine } from "../test/bed/line.js";
import { fallAndRise, type Outcome, playScene } from "../test/bed/scene.js";
import { openSystem } from "../test/bed/system.js";

/**
 * What wanctl makes of a line that falls from 20 to 8 Mbit/s and rises again, as one table: on this kernel with HTB,
 * and with CAKE on this kernel or through the command in CAKE_BED. Root; 4 minutes a kernel.
 *
 *   node dist/bench/line.js [SECONDS_PER_PHASE]
 */

interface Row {
  readonly title: string;
  readonly outcome: Outcome;
}

const LINE_KBPS = 20_000;

/** Asked for by itself: play on this kernel, and print rows as JSON instead of a table. */
const ROWS_ONLY = "--rows";

async function play(seconds: number): Promise<Row[]> {
  const without = async () => {
    await using line = await openLine(LINE_KBPS);
    return await playScene(line, fallAndRise(seconds));
  };
  const withWanctl = async () => {
    await using system = await openSystem(LINE_KBPS);
    return await playScene(system.line, fallAndRise(seconds));
  };
  const queue = SHAPING.toUpperCase();
  return [
    { title: `${queue}: none`, outcome: await without() },
    { title: `${queue}: wanctl`, outcome: await withWanctl() },
  ];
}

/** The rows of another run of this program; none where no kernel can play them. */
const playOn = (shaping: Shaping, seconds: number): Row[] =>
  (answerOnKernelWith(shaping, [ROWS_ONLY, String(seconds)]) ?? []) as Row[];

function inWords({ title, outcome }: Row): string {
  const { addedRttMs, phases } = outcome;
  const { p50, p95, p99, max } = addedRttMs;
  const cell = (value: number) => value.toFixed(1).padStart(7);
  return [
    title.padEnd(14),
    ...[p50, p95, p99, max].map(cell),
    "  ",
    ...[outcome, ...phases].map(({ utilisationPct }) =>
      cell(utilisationPct.download),
    ),
  ].join("");
}

async function main([first, second]: readonly string[]): Promise<void> {
  const rowsOnly = first === ROWS_ONLY;
  const seconds = Number((rowsOnly ? second : first) ?? 30);
  if (rowsOnly) {
    console.log(JSON.stringify(await play(seconds)));
    return;
  }

  const reasons = lacking("htb");
  if (reasons.length > 0)
    throw new Error(`Cannot build a test line: ${reasons.join(", ")}`);
  console.log(
    `20 -> 8 -> 20 Mbit/s, ${seconds} s each, 4 CUBIC downloads, a ping each 50 ms\n\n` +
      `              added RTT, ms                 utilisation, %\n` +
      `                  p50    p95    p99    max      all     20      8     20`,
  );
  for (const shaping of ["htb", "cake"] as const) {
    const rows = playOn(shaping, seconds);
    for (const row of rows) console.log(inWords(row));
    if (rows.length === 0)
      console.log(`${shaping.toUpperCase()}: no kernel that has it`);
  }
}

await main(process.argv.slice(2));
