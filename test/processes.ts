import { readdirSync, readFileSync } from "node:fs";

/** The processes that a process has started. Looked up from below: not every kernel lists children. */
export const childrenOf = (pid: number): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid);

/** The name of the program that a process runs; null where it has ended. */
export const programOf = (pid: number): string | null =>
  read(pid, "comm")?.trim() ?? null;

function parentOf(pid: number): number | null {
  const [, parent] = /^PPid:\s+(\d+)/m.exec(read(pid, "status") ?? "") ?? [];
  return parent === undefined ? null : Number(parent);
}

/** A file of proc(5); null where the process has ended meanwhile. */
function read(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return null;
  }
}
