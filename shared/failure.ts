/** An end that is nobody's bug: said in one line, without a stack, exit code 1. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** What went wrong, as text, whatever was thrown. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
