import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { reasonOf } from "../../../shared/runtime/failure.js";
import { isQdiscAnswer } from "./qdisc.js";

/** The result of one group of lines. */
type Answer =
  | {
      readonly kind: "answered";
      readonly lines: readonly string[];
      readonly complaint: string;
    }
  | { readonly kind: "failed"; readonly why: string };

/** A long-running `tc -batch`: a change takes 1 ms instead of the 10 ms of a new process. */
interface TcBatch extends AsyncDisposable {
  /** Runs lines whose last one is `qdisc show`. One group at a time. Never throws. */
  ask(lines: readonly string[]): Promise<Answer>;
}

/** Time limit for an answer, ms; then tc is killed, and restarted for the next question. */
const DEADLINE_MS = 1_000;

/** Without an answer this long after an error message, ms, the question has failed. */
const COMPLAINT_MS = 250;

/** Longest answer, bytes: room for a hundred queues. Beyond it tc is killed. */
const ANSWER_BYTES = 2 ** 20;

/** A running tc and the pending question; null if there is none or it was given up. */
interface Batch {
  readonly child: ChildProcessWithoutNullStreams;
  asked: Question | null;
}

interface Question {
  readonly lines: string[];
  /** An incomplete last line. */
  rest: string;
  bytes: number;
  complaint: string;
  readonly deadline: NodeJS.Timeout;
  giveUp: NodeJS.Timeout | undefined;
  readonly settle: (answer: Answer) => void;
}

/**
 * `-force` makes tc go on after an error; if it ends all the same, the next question starts it again. Answers do not
 * name their question, so tc is killed after a timeout: a late answer could be taken for the next question's.
 */
export function openTcBatch(): TcBatch {
  let batch: Batch | null = null;

  function finish(from: Batch, answer: Answer): void {
    const { asked } = from;
    if (asked === null) return;
    from.asked = null;
    clearTimeout(asked.deadline);
    clearTimeout(asked.giveUp);
    if (answer.kind === "failed") end(from);
    asked.settle(answer);
  }

  const fail = (from: Batch, why: string) =>
    finish(from, { kind: "failed", why });

  function end(ended: Batch): void {
    if (batch === ended) batch = null;
    ended.child.kill("SIGKILL");
    // a surviving child process may hold the pipes open
    ended.child.stdout.destroy();
    ended.child.stderr.destroy();
  }

  function hear(from: Batch, text: string): void {
    const { asked } = from;
    if (asked === null) {
      if (text.trim() !== "") end(from); // output without a question: restart
      return;
    }
    asked.bytes += text.length;
    if (asked.bytes > ANSWER_BYTES) {
      fail(from, `tc's answer is longer than ${ANSWER_BYTES} bytes`);
      return;
    }
    const lines = (asked.rest + text).split("\n");
    asked.rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") asked.lines.push(line);
    const last = asked.lines.findIndex(isQdiscAnswer);
    if (last === -1) return;
    const { complaint } = asked;
    const isMore = last < asked.lines.length - 1 || asked.rest !== "";
    finish(from, {
      kind: "answered",
      lines: asked.lines.slice(0, last + 1),
      complaint,
    });
    if (isMore) end(from);
  }

  function complain(from: Batch, text: string): void {
    const { asked } = from;
    if (asked === null) return;
    asked.complaint = `${asked.complaint} ${text
      .replace(/Command failed -:\d+/g, "")
      .trim()
      .replace(/\s+/g, " ")}`
      .trim()
      .slice(0, 300);
    clearTimeout(asked.giveUp);
    asked.giveUp = setTimeout(() => fail(from, asked.complaint), COMPLAINT_MS);
  }

  function start(): Batch {
    const child = spawn("tc", ["-j", "-s", "-force", "-batch", "-"]);
    const started: Batch = { child, asked: null };
    const gone = (why: string) => {
      fail(started, started.asked?.complaint || why);
      end(started);
    };
    // attach first: if descriptors have run out, the child has no pipes and the lines below throw
    child.on("error", (error) => gone(reasonOf(error)));
    child.on("close", (code, signal) =>
      gone(`tc ended: ${signal ?? `code ${code}`}`),
    );
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      hear(started, text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complain(started, text);
    });
    child.stdin.on("error", () => undefined); // reported by "close"
    return started;
  }

  return {
    ask(lines) {
      if (batch !== null && batch.asked !== null)
        return Promise.resolve({ kind: "failed", why: "tc is still busy" });
      try {
        batch ??= start();
      } catch (error) {
        return Promise.resolve({ kind: "failed", why: reasonOf(error) });
      }
      const asking = batch;
      return new Promise((settle) => {
        asking.asked = {
          ...{ lines: [], rest: "", bytes: 0, complaint: "" },
          deadline: setTimeout(
            () => fail(asking, `no answer from tc within ${DEADLINE_MS} ms`),
            DEADLINE_MS,
          ),
          giveUp: undefined,
          settle,
        };
        asking.child.stdin.write(`${lines.join("\n")}\n`);
      });
    },
    [Symbol.asyncDispose]() {
      if (batch !== null) {
        const closed = batch;
        fail(closed, "closed");
        end(closed);
      }
      return Promise.resolve();
    },
  };
}
