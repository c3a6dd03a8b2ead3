import { once } from "node:events";
import { clamp } from "../../shared/contract/units.js";
import { COLUMNS } from "../terminal.js";
import { colours, type Paint } from "./paint.js";

/** Where lines go. */
export interface Screen {
  readonly columns: number;
  readonly paint: Paint;
  /** A slow reader is waited for. */
  print(lines: readonly string[]): Promise<void>;
}

const LEAST_COLUMNS = 40;
const MOST_COLUMNS = 160;

/** Standard output: as wide as the terminal says, 80 columns where there is none. */
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
