import { spawn, type ChildProcessByStdio } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/** The folder that package.json is in, whatever tsc's output folder is called. */
export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export const BIN = fileURLToPath(
  new URL("../../cli/wanctl.js", import.meta.url),
);

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The real command, as a process. */
export interface Started {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<Ended>;
  out(): string;
  err(): string;
}

export const start = (...args: string[]): Started => startAs({}, args);

function startAs(
  user: { readonly uid?: number },
  args: readonly string[],
): Started {
  const child = spawn(process.execPath, [BIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    ...user,
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = once(child, "close").then(([code]) => ({
    code: code as number | null,
    out,
    err,
  }));
  return { process: child, ended, out: () => out, err: () => err };
}

/** Runs it to its end. */
export const wanctl = (...args: string[]): Promise<Ended> =>
  start(...args).ended;

/** The same as another user, which only root may. */
export const wanctlAs = (uid: number, ...args: string[]): Promise<Ended> =>
  startAs({ uid }, args).ended;

/** A folder that is gone after the test. */
export function temporary(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "wanctl-cli-"));
  return {
    path,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Waits until it is so; the test's own timeout is the limit. */
export async function until(isSo: () => unknown): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, 10));
}

/** The longest line's length. */
export const widest = (text: string): number =>
  Math.max(...text.split("\n").map((line) => Array.from(line).length));
