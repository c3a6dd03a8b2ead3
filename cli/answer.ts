import type { Health } from "../shared/runtime/health.js";

/** A process's health, perhaps of another version: any field may be missing or of another type. */
export interface Answer {
  /** Null if it is not a number. `key` is a dotted path. */
  number(key: string): number | null;
  /** Null if it is not a text. */
  text(key: string): string | null;
  is(key: string, value: boolean | null): boolean;
  list(key: string): readonly Answer[];
  texts(key: string): readonly string[];
}

export function answerOf(health: unknown): Answer {
  const at = (key: string): unknown =>
    key
      .split(".")
      .reduce<unknown>(
        (value, step) =>
          typeof value === "object" &&
          value !== null &&
          Object.hasOwn(value, step)
            ? (value as Record<string, unknown>)[step]
            : undefined,
        health,
      );
  const all = (key: string): unknown[] => {
    const value = at(key);
    return Array.isArray(value) ? value : [];
  };
  return {
    number(key) {
      const value = at(key);
      return typeof value === "number" ? value : null;
    },
    text(key) {
      const value = at(key);
      return typeof value === "string" ? value : null;
    },
    is: (key, value) => at(key) === value,
    list: (key) => all(key).map(answerOf),
    texts: (key) => all(key).filter((value) => typeof value === "string"),
  };
}

/** Whether a process reports that it is fine. */
export const isFine = (health: Health | null): boolean =>
  health !== null && answerOf(health).text("status") === "fine";
