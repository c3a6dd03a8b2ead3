import { lacking, SHAPING } from "../bed/kernel.js";
import { isPossible, TROUBLES } from "./line-troubles/list.js";
import { mbps, type Outcome, play } from "./line-troubles/play.js";
import { openStage } from "./line-troubles/stage.js";
import type { Trouble } from "./line-troubles/trouble.js";

/**
 * What befalls a line, what its controller does, and how soon all is right again: one controller under load, one
 * trouble after another. Root; 15 minutes. Exit status 0 if all is as it should be.
 *
 *   npm ci && npm run build && node dist/test/acceptance/line-troubles.js [PART OF A TROUBLE'S NAME...]
 *
 * E2E_SHAPING=cake in its environment where the kernel has CAKE; BED=1 on a kernel of its own, whose clock may be set.
 */

const print = (...cells: readonly string[]) =>
  console.log(`| ${cells.join(" | ")} |`);

function row(trouble: Trouble, outcome: Outcome): string[] {
  const { events, said, recoveredMs, rates, faults } = outcome;
  const told = new Map<string, number>();
  for (const { frame, ms } of events)
    if (!told.has(frame.event)) told.set(frame.event, ms);
  const { before, min, max, after } = rates;
  return [
    trouble.what,
    [...told].map(([event, ms]) => `${event} ${ms.toFixed(0)}`).join(", "),
    said.join("; ") || "fine",
    `${mbps(before)}; ${mbps(min)}-${mbps(max)}; ${mbps(after)}`,
    recoveredMs === null ? "never" : recoveredMs.toFixed(0),
    faults.length === 0 ? "ok" : `NO: ${faults.join("; ")}`,
  ];
}

async function main(parts: readonly string[]): Promise<number> {
  const reasons = lacking();
  if (reasons.length > 0)
    throw new Error(`Cannot build a test line: ${reasons.join(", ")}`);
  await using stage = await openStage();
  console.log(
    `${SHAPING}; 20 Mbit/s, 4 downloads; events: ms after the beginning; rates of the download, Mbit/s\n`,
  );
  print(
    ...["trouble", "events", "health meanwhile"],
    ...["before; meanwhile; after", "right again, ms", "judged"],
  );
  print(...Array<string>(6).fill("---"));
  let bad = 0;
  for (const trouble of TROUBLES) {
    if (parts.length > 0 && !parts.some((part) => trouble.what.includes(part)))
      continue;
    if (!isPossible(trouble)) {
      print(
        trouble.what,
        `SKIPPED: needs ${trouble.needs ?? ""}`,
        "",
        "",
        "",
        "",
      );
      continue;
    }
    const outcome = await play(stage, trouble);
    print(...row(trouble, outcome));
    if (outcome.faults.length > 0) bad++;
  }
  console.log(`\n${bad} not as they should be`);
  return bad === 0 ? 0 : 1;
}

process.exit(await main(process.argv.slice(2)));
