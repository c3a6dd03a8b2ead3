import { type ChildProcess, spawn } from "node:child_process";
import { type MonoMs, since, systemClock } from "../runtime/clock.js";
import { plainReason } from "../runtime/failure.js";

export const ANSWER_BYTES = 2 ** 20;
const COMPLAINT_BYTES = 4_096;

/** What ssh exits with when it could not do its part; all else is the command's. */
export const SSH_FAILED = 255;

/** An ssh at work. */
export interface SshProcess {
  readonly end: Promise<number | null>;
  readonly hasEnded: boolean;
  readonly hasOverflown: boolean;
  said(): string;
  complaint(): string;
  /** Settles when it has said this. */
  saying(words: string): Promise<void>;
  kill(): void;
}

/** Starts one; it keeps at most so much of what it hears, and ends with too long an answer. */
export function startSsh(args: readonly string[]): SshProcess {
  const child: ChildProcess = spawn("ssh", args, {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  let complaint = "";
  let ended = false;
  let overflown = false;
  const end = new Promise<number | null>((settle) => {
    const finish = (code: number | null) => {
      ended = true;
      settle(code);
    };
    child.on("close", finish);
    child.on("error", (error) => {
      const { code } = error as NodeJS.ErrnoException;
      complaint =
        code === "ENOENT"
          ? "ssh must be on the PATH: install openssh-client"
          : `ssh cannot be started: ${plainReason(error)}`;
      finish(SSH_FAILED);
    });
  });
  // neither is there where it could not be started for want of descriptors
  child.stdout?.setEncoding("latin1").on("data", (text: string) => {
    if (said.length + text.length <= ANSWER_BYTES) said += text;
    else {
      overflown = true;
      child.kill("SIGKILL");
    }
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_BYTES);
  });
  return {
    end,
    get hasEnded() {
      return ended;
    },
    get hasOverflown() {
      return overflown;
    },
    said: () => said,
    complaint: () => complaint.trim().replace(/\s+/g, " "),
    saying: (words) =>
      new Promise((settle) =>
        child.stdout?.on("data", () => {
          if (said.includes(words)) settle();
        }),
      ),
    kill: () => void child.kill("SIGKILL"),
  };
}

/** Waits for the end, or for what comes before it; kills what is not there in time. */
export async function within(
  running: SshProcess,
  due: MonoMs,
  sooner?: Promise<void>,
): Promise<number | null | "timeout"> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"timeout">((settle) => {
    timer = setTimeout(
      () => {
        running.kill();
        settle("timeout");
      },
      Math.max(0, since(systemClock.mono(), due)),
    );
  });
  const all = [running.end, late];
  const outcome = await Promise.race(
    sooner === undefined ? all : [...all, sooner.then(() => null)],
  );
  clearTimeout(timer);
  return outcome;
}
