import { askHealth, type Health } from "../shared/runtime/health.js";
import { type RunFolder, wansIn } from "../shared/runtime/paths.js";
import { answerOf, isFine } from "./answer.js";
import { silentIn, silentInWords } from "./silent.js";
import { statusPage } from "./status-page.js";

/** What everybody in a run folder answered; null where nobody did. */
export interface Status {
  readonly status: "fine" | "degraded" | "not running";
  readonly reasons: readonly string[];
  readonly wans: Readonly<Record<string, Health | null>>;
  readonly recorder: Health | null;
}

const EXIT = { fine: 0, degraded: 1, "not running": 2 } as const;

/** Asks every process how it is and prints that. Returns the exit code: 0 fine, 1 degraded, 2 not running. */
export async function status(
  { json = false }: { readonly json?: boolean },
  run: RunFolder,
): Promise<number> {
  const found = await ask(run);
  const page = json
    ? `${JSON.stringify(found, null, 2)}\n`
    : `${statusPage(found, run.root).join("\n")}\n`;
  process.stdout.write(page);
  return EXIT[found.status];
}

async function ask(run: RunFolder): Promise<Status> {
  const names = wansIn(run);
  const [recorder, ...answers] = await Promise.all([
    askHealth(run.recorderHealth),
    ...names.map((wan) => askHealth(run.wanHealth(wan))),
  ]);
  // a controller that is dead and has no socket any more is known to the recorder
  const silent = silentIn(recorder).map(({ wan }) => [wan, null] as const);
  return judge(
    Object.fromEntries([
      ...silent,
      ...names.map((name, i) => [name, answers[i] ?? null] as const),
    ]),
    recorder,
  );
}

/** The whole from its parts: fine only if everybody is there and says so. */
export function judge(wans: Status["wans"], recorder: Health | null): Status {
  const parts = Object.entries({ ...wans, recorder });
  const running = parts.filter(([, health]) => health !== null);
  if (running.length === 0)
    return { status: "not running", reasons: [], wans, recorder };
  const silent = silentIn(recorder);
  const reasons = parts.flatMap(([name, health]) => {
    const run = silent.find(({ wan }) => wan === name);
    const said = complaints(health);
    if (run !== undefined) said.push(silentInWords(run));
    return said.map((reason) => `${name}: ${reason}`);
  });
  if (!Object.values(wans).some((health) => health !== null))
    reasons.unshift("no controller is running");
  const status = reasons.length === 0 ? "fine" : "degraded";
  return { status, reasons, wans, recorder };
}

function complaints(health: Health | null): string[] {
  if (health === null) return ["not running"];
  const reasons = answerOf(health).texts("reasons");
  return reasons.length > 0 || isFine(health) ? [...reasons] : ["degraded"];
}
