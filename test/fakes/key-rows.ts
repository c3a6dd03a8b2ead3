import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ConfigError } from "../../shared/config/error.js";
import { keysOf } from "../../shared/config/keys.js";
import { temporaryFolder } from "../recorder/temporary.js";

/** A file as it may stand on a disk: JSON is YAML. */
export type Tree = { readonly [key: string]: unknown };

/** A key's value in a file, and what it makes of a program that reads it: its commands, its policy, its paths. */
export interface KeyRow<Config> {
  readonly in: Tree;
  readonly value: unknown;
  readonly seen: (config: Config) => unknown;
  readonly makes: unknown;
}

/** Every key of the schema has a row, and what the row says is so with its value, and not so without. */
export function itObeysEveryKey<Config>(
  schema: object,
  load: (file: string) => Config,
  rows: Readonly<Record<string, KeyRow<Config>>>,
): void {
  const folder = temporaryFolder();
  const read = (tree: Tree) => {
    const file = join(folder.path, "keys.yaml");
    writeFileSync(file, JSON.stringify(tree));
    return load(file);
  };

  it("has a row for every key of the schema (CLI-03)", () =>
    expect(Object.keys(rows)).to.have.members(
      keysOf(schema).map(({ key }) => key),
    ));

  for (const [key, row] of Object.entries(rows))
    it(`obeys ${key} (CLI-03)`, () => {
      const seen = (tree: Tree) => row.seen(read(tree));
      expect(seen(planted(row.in, key.split("."), row.value)))
        .to.deep.equal(row.makes)
        .and.not.to.deep.equal(orRefused(() => seen(row.in)));
    });
}

/** A key that others need is missed where it is not there. */
function orRefused(see: () => unknown): unknown {
  try {
    return see();
  } catch (error) {
    if (error instanceof ConfigError) return "refused";
    throw error;
  }
}

/** The tree with a value at a path. */
function planted(tree: Tree, path: readonly string[], value: unknown): Tree {
  const [first = "", ...rest] = path;
  const within = (tree[first] ?? {}) as Tree;
  return {
    ...tree,
    [first]: rest.length === 0 ? value : planted(within, rest, value),
  };
}
