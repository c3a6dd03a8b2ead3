import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { reasonOf } from "../../shared/failure.js";
import { isQdiscAnswer } from "./qdisc.js";

/** What came of one group of lines. */
export type Answer =
  | {
      readonly kind: "answered";
      readonly lines: readonly string[];
      readonly complaint: string;
    }
  | { readonly kind: "failed"; readonly why: string };

/** One long-lived `tc -batch`: a change costs 1 ms instead of the 10 ms of a process of its own. */
export interface TcBatch extends AsyncDisposable {
  /** Runs lines whose last one is `qdisc show`. One group at a time. Never throws. */
  ask(lines: readonly string[]): Promise<Answer>;
}

const DEADLINE_MS = 1_000;

/** After a complaint with no answer behind it, there will be none. */
const COMPLAINT_MS = 50;

interface Pending {
  readonly lines: string[];
  complaint: string;
  timer: NodeJS.Timeout;
  readonly settle: (answer: Answer) => void;
}

/** `-force`, or the first error would end it; some end it all the same, then it is started anew with the next question. */
export function openTcBatch(): TcBatch {
  let child: ChildProcess | null = null;
  let pending: Pending | null = null;

  function finish(answer: Answer): void {
    if (pending === null) return;
    clearTimeout(pending.timer);
    const { settle } = pending;
    pending = null;
    settle(answer);
  }

  function hear(line: string): void {
    if (pending === null || line === "") return;
    pending.lines.push(line);
    if (!isQdiscAnswer(line)) return;
    finish({
      kind: "answered",
      lines: pending.lines,
      complaint: pending.complaint,
    });
  }

  function complain(text: string): void {
    if (pending === null) return;
    pending.complaint = `${pending.complaint} ${text
      .replace(/Command failed -:\d+/g, "")
      .trim()
      .replace(/\s+/g, " ")}`
      .trim()
      .slice(0, 300);
    const why = pending.complaint;
    clearTimeout(pending.timer);
    pending.timer = setTimeout(
      () => finish({ kind: "failed", why }),
      COMPLAINT_MS,
    );
  }

  function gone(why: string): void {
    child = null;
    if (pending !== null)
      finish({ kind: "failed", why: pending.complaint || why });
  }

  function start(): ChildProcess {
    const started = spawn("tc", ["-j", "-s", "-force", "-batch", "-"], {
      stdio: "pipe",
    });
    createInterface({ input: started.stdout }).on("line", hear);
    started.stderr.setEncoding("utf8").on("data", complain);
    started.stdin.on("error", () => undefined); // the end of the child tells
    started.on("error", (error) => gone(reasonOf(error)));
    started.on("close", (code, signal) => {
      if (child === started) gone(`tc ended: ${signal ?? `code ${code}`}`);
    });
    return started;
  }

  return {
    ask(lines) {
      if (pending !== null)
        return Promise.resolve({ kind: "failed", why: "tc is still busy" });
      child ??= start();
      const asked = child;
      return new Promise((settle) => {
        const timer = setTimeout(() => {
          asked.kill("SIGKILL");
          if (child === asked) child = null;
          finish({
            kind: "failed",
            why: `no answer from tc within ${DEADLINE_MS} ms`,
          });
        }, DEADLINE_MS);
        pending = { lines: [], complaint: "", timer, settle };
        asked.stdin?.write(`${lines.join("\n")}\n`);
      });
    },
    [Symbol.asyncDispose]() {
      const closed = child;
      child = null;
      closed?.kill("SIGKILL");
      finish({ kind: "failed", why: "closed" });
      return Promise.resolve();
    },
  };
}
