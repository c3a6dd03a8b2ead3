import { createInterface, type Interface } from "node:readline/promises";
import { Failure } from "../../shared/runtime/failure.js";

/** One question. */
export interface Question {
  readonly flag: string;
  readonly words: string;
  /** The default answer; null if an answer is required. */
  readonly usual: string | null;
  /** What is wrong with an answer; null if it is valid. */
  readonly fault: (answer: string) => string | null;
}

/** Gets answers: from flags, else from the terminal, else the default. */
interface Questions extends Disposable {
  ask(question: Question, given: string | undefined): Promise<string>;
  /** Errors in the flags, and flags missing without a terminal: a line for each. */
  faults(flags: readonly (readonly [Question, string | undefined])[]): string[];
}

/** @param isAsking whether to ask at the terminal */
export function openQuestions(isAsking: boolean): Questions {
  const terminal = isAsking
    ? createInterface({ input: process.stdin, output: process.stderr })
    : null;
  function faultOf(
    { flag, usual, fault }: Question,
    given: string | undefined,
  ): string | null {
    const known = given ?? (terminal === null ? usual : null);
    if (known === null)
      return terminal === null
        ? `Cannot set up: --${flag} is required without a terminal`
        : null;
    const rule = fault(known);
    return rule === null
      ? null
      : `Cannot set up: --${flag} ${rule}: got '${known}'`;
  }

  return {
    faults: (flags) =>
      flags.flatMap(([question, given]) => faultOf(question, given) ?? []),
    async ask(question, given) {
      const wrong = faultOf(question, given);
      if (wrong !== null) throw new Failure(wrong);
      const { words, usual, fault } = question;
      const known = given ?? (terminal === null ? usual : null);
      if (known !== null || terminal === null) return known ?? "";
      for (;;) {
        const hint = usual === null ? "" : ` [${usual}]`;
        const typed = (await typedAt(terminal, `${words}${hint}: `)).trim();
        const answer = typed === "" ? (usual ?? "") : typed;
        const rule = fault(answer);
        if (rule === null) return answer;
        process.stderr.write(`  ${rule}\n`);
      }
    },
    [Symbol.dispose]: () => terminal?.close(),
  };
}

/** @throws Failure if the terminal is closed or Ctrl-C is pressed */
function typedAt(terminal: Interface, prompt: string): Promise<string> {
  return terminal.question(prompt).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === "AbortError")) throw error;
    process.stderr.write("\n");
    throw new Failure("Cannot set up: no answer: nothing was written");
  });
}
