import { styleText } from "node:util";
import { type State, STATES } from "../../shared/contract/state.js";

/** What a word on the screen is. */
export type Tone = State | "title" | "aside";

/** Colours a text; its width stays as it is. */
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

/** Colours on a terminal that wants them; none elsewhere, and none with NO_COLOR. */
export const colours: Paint = (tone, text) =>
  styleText(STYLE[tone], text, { stream: process.stdout });

/** The state of a code; the calmest where it is none. */
export const stateOf = (code: number): State => STATES[code] ?? STATES[0];
