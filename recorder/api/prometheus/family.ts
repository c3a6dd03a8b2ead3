/** One name in the exposition. Names end in a base unit or `_total`, but for those of shared/contract/metrics.ts. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

/** One value under a name, or what is to be added to it. */
export type Point = readonly [labels: Labels, value: number];
