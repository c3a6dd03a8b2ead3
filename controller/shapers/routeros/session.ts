import type { Outcome } from "../shaper.js";

/** An item of a RouterOS menu: property names and values, all as text; `.id` is its id. */
export type Item = Readonly<Record<string, string>>;

/**
 * A session with a RouterOS device, over any transport. Menus are written as in RouterOS, without leading or trailing
 * slashes: `queue/tree`, `interface`. Filtered results must be checked: RouterOS ignores filters it does not know.
 */
export interface Session extends AsyncDisposable {
  readonly transport: "rest" | "ssh";
  /** The items whose properties have these values. */
  list(
    menu: string,
    where?: Readonly<Record<string, string>>,
  ): Promise<Outcome<readonly Item[]>>;
  /** Changes one item. */
  set(menu: string, id: string, values: Item): Promise<Outcome<void>>;
}
