import { once } from "node:events";
import { styleText } from "node:util";
import { type State, STATES } from "../../shared/contract/state.js";
import { clamp, decimalsOf, fixed } from "../../shared/contract/units.js";
import { COLUMNS } from "../terminal.js";

/** A number in at most `width` (>= 5) columns: with up to `decimals` decimals, fewer if necessary, else an exponent. */
export function compact(value: number, width: number, decimals = 1): string {
  for (let digits = decimals; digits >= 0; digits--) {
    const text = fixed(value, digits);
    if (text.length <= width) return text;
  }
  return value.toExponential(0).slice(0, width);
}

/** A rate or load in Mbit/s with three significant digits, in at most five columns. */
export const compactMbps = (mbps: number): string =>
  compact(mbps, 5, decimalsOf(mbps));

/** The role of a text, which determines its style. */
export type Tone = State | "title" | "aside";

/** Colours a text without changing its width. */
export type Paint = (tone: Tone, text: string) => string;

export const plain: Paint = (_, text) => text;

const STYLE = {
  GREEN: "green",
  YELLOW: "yellow",
  SOFT_RED: "magenta",
  RED: "red",
  title: "bold",
  aside: "dim",
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

/** Colours on a terminal that supports them; none elsewhere, or with NO_COLOR. */
const colours: Paint = (tone, text) =>
  styleText(STYLE[tone], text, { stream: process.stdout });

/** The state of a code; GREEN if the code is unknown. */
export const stateOf = (code: number): State => STATES[code] ?? STATES[0];

/** The output. */
export interface Screen {
  readonly columns: number;
  readonly paint: Paint;
  /** Waits for a slow reader. */
  print(lines: readonly string[]): Promise<void>;
}

const LEAST_COLUMNS = 40;
const MOST_COLUMNS = 160;

/** Standard output, as wide as the terminal; 80 columns without one. */
export function openScreen(): Screen {
  const told = process.stdout.isTTY
    ? process.stdout.columns
    : Number(process.env["COLUMNS"]);
  return {
    columns: clamp(told || COLUMNS, LEAST_COLUMNS, MOST_COLUMNS),
    paint: colours,
    async print(lines) {
      if (lines.length === 0) return;
      if (!process.stdout.write(`${lines.join("\n")}\n`))
        await once(process.stdout, "drain");
    },
  };
}
