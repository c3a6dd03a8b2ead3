import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { amiss } from "../recorder/station.js";
import { SCENES } from "../recorder/trouble-scenes.js";
import { play } from "../recorder/trouble-stage.js";

/**
 * What befalls a recorder, what it says, and whether it recovers (STOR-07): `node dist/test/acceptance/recorder-troubles.js [SCENE...]`.
 * As root, for disks are mounted. The recorder is a process, what befalls it is real, and a controller publishes meanwhile.
 */
const chosen = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "wanctl-"));
const print = (...cells: readonly string[]) =>
  console.log(`| ${cells.join(" | ")} |`);

print("trouble", "log", "health meanwhile", "afterwards");
print(...Array<string>(4).fill("---"));
try {
  for (const [i, scene] of SCENES.entries()) {
    if (chosen.length > 0 && !chosen.includes(scene.trouble)) continue;
    const outcome = await play(scene, join(folder, String(i)));
    const { said, reason, account, sent, recoveredMs, peakMb } = outcome;
    const stored = sent.size - amiss(account, sent);
    print(
      scene.trouble,
      [...new Set(said)].join(", "),
      reason?.replaceAll(folder, "") ?? "fine",
      `${stored} of ${sent.size} frames, ${account?.doubled ?? 0} twice, after ${(recoveredMs / 1e3).toFixed(1)} s; ${peakMb.toFixed(0)} MB at most`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
