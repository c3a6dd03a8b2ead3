import type { FaultKind } from "../../shared/contract/router-call.js";

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
