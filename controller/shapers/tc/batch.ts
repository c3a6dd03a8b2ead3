import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { reasonOf } from "../../../shared/runtime/failure.js";
import { isQdiscAnswer } from "./qdisc.js";

/** What came of one group of lines. */
type Answer =
  | {
      readonly kind: "answered";
      readonly lines: readonly string[];
      readonly complaint: string;
    }
  | { readonly kind: "failed"; readonly why: string };

/** One long-lived `tc -batch`: a change costs 1 ms instead of the 10 ms of a process of its own. */
interface TcBatch extends AsyncDisposable {
  /** Runs lines whose last one is `qdisc show`. One group at a time. Never throws. */
  ask(lines: readonly string[]): Promise<Answer>;
}

const DEADLINE_MS = 1_000;

/** After a complaint with no answer behind it for so long, there will be none. */
const COMPLAINT_MS = 250;

/** The answer to one question; a hundred queues fit. A longer one is no answer of tc's, and ends it. */
const ANSWER_BYTES = 2 ** 20;

/** A tc at work, and the question that it was asked; null once it is given up, and whatever it says is not heard. */
interface Batch {
  readonly child: ChildProcessWithoutNullStreams;
  asked: Question | null;
}

interface Question {
  readonly lines: string[];
  /** What came after the last line's end. */
  rest: string;
  bytes: number;
  complaint: string;
  readonly deadline: NodeJS.Timeout;
  giveUp: NodeJS.Timeout | undefined;
  readonly settle: (answer: Answer) => void;
}

/**
 * `-force`, or the first error would end it; some end it all the same, then it is started anew with the next question. tc
 * does not say which question it answers. So one that was not answered in time ends the process: its answer, late, could
 * be taken for the next one's.
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
    // what it left behind may hold the pipes
    ended.child.stdout.destroy();
    ended.child.stderr.destroy();
  }

  function hear(from: Batch, text: string): void {
    const { asked } = from;
    if (asked === null) {
      if (text.trim() !== "") end(from); // who speaks unasked answers no question
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
    // before anything else: where there are no descriptors left, a child has no pipes either
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
    child.stdin.on("error", () => undefined); // the end of the child tells
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
