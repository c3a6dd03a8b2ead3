import type { SeriesName } from "../../shared/contract/history.js";
import { ARROW } from "../side.js";
import { printable } from "../terminal.js";

/** A series' name without what all names share: "rtt delta", "rate ↓", "state ↑". */
export function labelOf({
  metric,
  labels,
}: Pick<SeriesName, "metric" | "labels">): string {
  const direction =
    labels["direction"] ?? /_(download|upload)(?=_|$)/.exec(metric)?.[1];
  const words = metric
    .replace(/^wanctl_|_(ms|mbps)$/g, "")
    .replace(/_(download|upload)$/, "")
    .replaceAll("_", " ");
  const arrow =
    direction === "download" || direction === "upload"
      ? ` ${ARROW[direction]}`
      : "";
  return printable(words + arrow);
}
