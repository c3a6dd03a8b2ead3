import { readFileSync } from "node:fs";
import { Failure } from "./failure.js";

/** A file's text, without a mark of its encoding at the front. @throws Failure where it is no UTF-8; what readFileSync throws */
export function readText(file: string): string {
  const bytes = readFileSync(file);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // said below
  }
  throw new Failure("must be UTF-8 text: save it anew in that encoding");
}
