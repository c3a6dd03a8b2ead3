import fc from "fast-check";

/** Places where readers break: ends, doubles, signs, other types, names that every object has. */
const ODD = [
  ...["", "0", "-1", "1e999", "NaN", "null", "true", "[]", "{}", "[[", '"'],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "\0",
    "\n",
    "\r\n",
    "é",
    "\ud800",
  ],
  ...[
    "${",
    "${X}",
    "${X:-1}",
    "&a",
    "*a",
    "<<: ",
    "? ",
    "%",
    "/",
    "9".repeat(40),
  ],
];

/** A good text with some places changed: left out, doubled, or something odd put in. */
export const spoilt = (texts: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(...texts),
      fc.array(
        fc.record({
          at: fc.double({ min: 0, max: 1, noNaN: true }),
          drop: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(40)),
          put: fc.oneof(
            fc.constantFrom(...ODD),
            fc.string({ maxLength: 4 }),
            fc.string({ unit: "binary", maxLength: 3 }),
          ),
        }),
        { maxLength: 6 },
      ),
    )
    .map(([text, edits]) =>
      edits.reduce((now, { at, drop, put }) => {
        const place = Math.floor(at * now.length);
        return now.slice(0, place) + put + now.slice(place + drop);
      }, text),
    );

/** The same for bytes, or any. */
export const spoiltBytes = (texts: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    spoilt(texts.map((bytes) => bytes.toString("latin1"))).map((text) =>
      Buffer.from(text, "latin1"),
    ),
  );

type Path = readonly string[];

/** Values that a reader of this kind of value may not expect. */
const odd = (value: unknown): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.constantFrom<unknown>(...ODD, 0, -1, 1e308, null, true, [], {}, [[]]),
    fc.constantFrom<unknown>({ toString: 1 }, { length: -1 }, [value, value]),
    typeof value === "number"
      ? fc.double({ min: -3, max: 3, noNaN: true }).map((by) => value * by)
      : fc.constant(JSON.stringify(value)),
  );

/** One thing done to a tree: a place is given another value, or none, or another name, or another place's value. */
function mutatedOnce(tree: unknown): fc.Arbitrary<unknown> {
  const paths = pathsIn(tree);
  if (paths.length === 0) return odd(tree);
  const place = fc.constantFrom(...paths);
  const names = fc.oneof(
    fc.constantFrom(...paths.flat(), ...ODD),
    fc.string({ maxLength: 3 }),
  );
  return fc.oneof(
    place.chain((path) =>
      odd(at(tree, path)).map((value) => replaced(tree, path, value)),
    ),
    place.map((path) => replaced(tree, path, undefined)),
    fc
      .tuple(place, place)
      .map(([to, from]) => replaced(tree, to, at(tree, from))),
    fc
      .tuple(place, names)
      .map(([path, name]) =>
        replaced(tree, [...path.slice(0, -1), name], at(tree, path)),
      ),
  );
}

/** A good tree after a few such things: still most of what it was. */
export const mutated = (trees: readonly unknown[]): fc.Arbitrary<unknown> => {
  const of = (
    tree: fc.Arbitrary<unknown>,
    times: number,
  ): fc.Arbitrary<unknown> =>
    times === 0 ? tree : of(tree.chain(mutatedOnce), times - 1);
  return fc
    .integer({ min: 0, max: 4 })
    .chain((times) => of(fc.constantFrom(...trees), times));
};

const isTree = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const pathsIn = (tree: unknown): Path[] =>
  isTree(tree)
    ? Object.entries(tree).flatMap(([name, below]) => [
        [name],
        ...pathsIn(below).map((path) => [name, ...path]),
      ])
    : [];

const at = (tree: unknown, [first, ...rest]: Path): unknown =>
  first === undefined ? tree : isTree(tree) ? at(tree[first], rest) : undefined;

/** The tree with another value at a path; without it where that is undefined. */
function replaced(
  tree: unknown,
  [first, ...rest]: Path,
  value: unknown,
): unknown {
  if (first === undefined) return value;
  const entries = isTree(tree) ? Object.entries(tree) : [];
  const below = replaced(at(tree, [first]), rest, value);
  const others = entries.filter(([name]) => name !== first);
  const changed = below === undefined ? [] : [[first, below] as const];
  return Array.isArray(tree) && /^\d+$/.test(first)
    ? tree.toSpliced(Number(first), 1, ...changed.map(([, one]) => one))
    : Object.fromEntries([...others, ...changed]);
}
