import type { Outcome } from "../shaper.js";

/** One item of a RouterOS menu: property names to their values, all of them text as RouterOS sends them; `.id` is its id. */
export type Item = Readonly<Record<string, string>>;

/**
 * A RouterOS device, whatever the transport. Menus are written as in RouterOS, without slashes at the ends:
 * `queue/tree`, `interface`. Who filters does not trust the filter: RouterOS answers everything where it knows none.
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
