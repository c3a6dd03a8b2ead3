import { fixed } from "../../shared/contract/units.js";

/** A number in at most `width` columns, at least five: as many decimals as there are up to `decimals`, else fewer, else an exponent. */
export function compact(value: number, width: number, decimals = 1): string {
  for (let digits = decimals; digits >= 0; digits--) {
    const text = fixed(value, digits);
    if (text.length <= width) return text;
  }
  return value.toExponential(0).slice(0, width);
}

/** A rate or load in Mbit/s with three significant digits, in at most five columns. */
export function compactMbps(mbps: number): string {
  const size = Math.abs(mbps);
  return compact(mbps, 5, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** "98.2 %"; "<0.1 %" and ">99.9 %" where rounding would say none or all. */
export function percent(ratio: number): string {
  const text = (100 * ratio).toFixed(1);
  if (text === "0.0" && ratio > 0) return "<0.1 %";
  if (text === "100.0" && ratio < 1) return ">99.9 %";
  return `${text.replace(/\.0$/, "")} %`;
}
