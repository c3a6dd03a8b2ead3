import { WAN_NAME } from "../../shared/contract/frame.js";

/** A WAN's name as ours may be: the Python wanctl allowed capitals, dots and underscores. Null where nothing is left. */
export function nameOf(old: string): string | null {
  const name = old
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 31);
  return WAN_NAME.test(name) ? name : null;
}
