import { Failure, reasonOf } from "../runtime/failure.js";
import type { Loaded } from "./config.js";

/** The configuration in force. A changed file is applied as a whole or not at all. */
interface InForce<T> {
  readonly values: T;
  /** Why the file as last read was refused; null if it is in force. */
  readonly refused: string | null;
  /** Reloads the file on SIGHUP from now on. */
  atHangup(told: Told): Disposable;
}

/** Callbacks for the result of a reload. */
interface Told {
  accepted(shown: Loaded<unknown>["shown"], changed: readonly string[]): void;
  refused(why: string): void;
}

/**
 * @param read reads the file without blocking
 * @param canChange keys that may change while the process runs
 */
export function openInForce<T>(
  first: Loaded<T>,
  read: () => Promise<Loaded<T>>,
  canChange: RegExp,
): InForce<T> {
  let inForce = first;
  let refused: string | null = null;
  let isReading = false;
  let isAskedAgain = false;

  async function reload(told: Told): Promise<void> {
    try {
      const found = await read();
      const changed = keysThatDiffer(inForce.shown, found.shown);
      demandChangeable(changed, canChange);
      inForce = found;
      refused = null;
      told.accepted(found.shown, changed);
    } catch (error) {
      refused = reasonOf(error).replaceAll("\n", "; ");
      told.refused(refused);
    }
  }

  /** One reload at a time; requests during a reload cause one more. */
  async function reloadUntilQuiet(told: Told): Promise<void> {
    isAskedAgain = true;
    if (isReading) return;
    isReading = true;
    while (isAskedAgain) {
      isAskedAgain = false;
      await reload(told);
    }
    isReading = false;
  }

  return {
    get values() {
      return inForce.values;
    },
    get refused() {
      return refused;
    },
    atHangup(told) {
      const listener = () => void reloadUntilQuiet(told);
      process.on("SIGHUP", listener);
      return {
        [Symbol.dispose]: () => void process.off("SIGHUP", listener),
      };
    },
  };
}

function demandChangeable(changed: readonly string[], canChange: RegExp): void {
  const fixed = changed.filter((key) => !canChange.test(key));
  if (fixed.length > 0)
    throw new Failure(
      `Cannot reload: needs a restart to change ${fixed.join(", ")}: the previous configuration stays in force`,
    );
}

type Group = Readonly<Record<string, unknown>>;

/** Dotted keys whose values differ, or that only one side has. */
export function keysThatDiffer(a: Group, b: Group, prefix = ""): string[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.flatMap((name) => {
    const [before, after] = [a[name], b[name]];
    if (isGroup(before) && isGroup(after))
      return keysThatDiffer(before, after, `${prefix}${name}.`);
    return JSON.stringify(before) === JSON.stringify(after)
      ? []
      : [prefix + name];
  });
}

const isGroup = (value: unknown): value is Group =>
  typeof value === "object" && value !== null && !Array.isArray(value);
