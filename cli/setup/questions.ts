import { createInterface, type Interface } from "node:readline/promises";
import { Failure } from "../../shared/runtime/failure.js";

/** One thing to be known. */
export interface Question {
  readonly flag: string;
  readonly words: string;
  /** What an empty answer means; null where there has to be one. */
  readonly usual: string | null;
  /** What is wrong with an answer; null where nothing is. */
  readonly fault: (answer: string) => string | null;
}

/** Gets answers: from flags, else from the terminal, else the default. */
interface Questions extends Disposable {
  ask(question: Question, given: string | undefined): Promise<string>;
  /** What is wrong with the flags, or missing without a terminal to ask at: a line for each. */
  faults(flags: readonly (readonly [Question, string | undefined])[]): string[];
}

/** @param isAsking whether there is a terminal to ask at */
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

/** @throws Failure where the terminal is closed, or Ctrl-C pressed */
function typedAt(terminal: Interface, prompt: string): Promise<string> {
  return terminal.question(prompt).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === "AbortError")) throw error;
    process.stderr.write("\n");
    throw new Failure("Cannot set up: there was no answer: nothing is written");
  });
}
