/** One item of a RouterOS menu: property names to their values, all of them text as RouterOS sends them; `.id` is its id. */
export type Item = Readonly<Record<string, string>>;

/** Why an operation came to nothing. A closed list: who calls decides by the kind, people read the text. */
export const FAULTS = [
  /** Nobody answers at that address: connection refused, reset, no route. */
  "unreachable",
  /** No answer in time. */
  "timeout",
  /** A certificate or host key that is not trusted. */
  "untrusted",
  /** The credentials are wrong, or do not suffice. */
  "unauthorized",
  /** No such item, or its id is no longer valid. */
  "not_found",
  /** It answers that it cannot now: overloaded, or starting. */
  "busy",
  /** It understood, and says no; or it answers what nobody understands. */
  "refused",
] as const;
export type FaultKind = (typeof FAULTS)[number];

/** What came of an operation. Operations settle within their own deadline and never throw. */
export type Outcome<T> =
  | { readonly kind: "done"; readonly value: T }
  | {
      readonly kind: "failed";
      readonly fault: FaultKind;
      readonly why: string;
    };

export const done = <T>(value: T): Outcome<T> => ({ kind: "done", value });

export const failed = (fault: FaultKind, why: string): Outcome<never> => ({
  kind: "failed",
  fault,
  why,
});

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
