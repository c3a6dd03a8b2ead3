/** Things that stand too close together to be told apart, as one. */
export interface Cluster<T> {
  readonly at: number;
  readonly members: readonly T[];
}

/** Marks no two of which are nearer than `apartMs`; each stands at its first member. In any order, out in that of time. */
export function clusters<T extends { readonly at: number }>(
  things: readonly T[],
  apartMs: number,
): readonly Cluster<T>[] {
  const found: { at: number; members: T[] }[] = [];
  for (const thing of [...things].sort((a, b) => a.at - b.at)) {
    const last = found.at(-1);
    if (last !== undefined && thing.at - last.at < apartMs)
      last.members.push(thing);
    else found.push({ at: thing.at, members: [thing] });
  }
  return found;
}
