import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder in front of PATH, for programs that stand in for real ones. Gone, and PATH restored, when disposed. */
export interface StandIns extends Disposable {
  readonly folder: string;
  /** Puts a shell script there. */
  program(name: string, script: string): void;
  /** Leaves nothing but this folder on PATH. */
  alone(): void;
}

export function openStandIns(): StandIns {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-path-"));
  const path = process.env["PATH"] ?? "";
  process.env["PATH"] = `${folder}:${path}`;
  return {
    folder,
    program(name, script) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, name), 0o755);
    },
    alone() {
      process.env["PATH"] = folder;
    },
    [Symbol.dispose]() {
      process.env["PATH"] = path;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
