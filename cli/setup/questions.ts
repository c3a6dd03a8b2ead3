import { createInterface, type Interface } from "node:readline/promises";
import { Failure } from "../../shared/failure.js";

/** One thing to be known. */
export interface Question {
  readonly flag: string;
  readonly words: string;
  /** What an empty answer means; null where there has to be one. */
  readonly usual: string | null;
  /** What is wrong with an answer; null where nothing is. */
  readonly fault: (answer: string) => string | null;
}

/** Gets answers: from flags, else from whoever sits there, else what is usual. */
export interface Questions extends Disposable {
  ask(question: Question, given: string | undefined): Promise<string>;
}

/** @param isAsking whether there is somebody to be asked */
export function openQuestions(isAsking: boolean): Questions {
  const terminal = isAsking
    ? createInterface({ input: process.stdin, output: process.stderr })
    : null;
  return {
    async ask({ flag, words, usual, fault }, given) {
      const known = given ?? (terminal === null ? usual : null);
      if (known !== null) {
        const rule = fault(known);
        if (rule === null) return known;
        throw new Failure(`Cannot set up: --${flag} ${rule}: got '${known}'`);
      }
      if (terminal === null)
        throw new Failure(
          `Cannot set up: --${flag} is required where nobody can be asked`,
        );
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

/** @throws Failure where the terminal is closed, or Ctrl-C pressed */
function typedAt(terminal: Interface, prompt: string): Promise<string> {
  return terminal.question(prompt).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === "AbortError")) throw error;
    process.stderr.write("\n");
    throw new Failure("Cannot set up: there was no answer: nothing is written");
  });
}
