import { column, ROW_FIELDS } from "../../shared/contract/row.js";
import { readRows } from "./temporary.js";

/** What became of the seqs of one run, as the database has it. */
export interface Account {
  /** The stored frames by seq, as they were sent, but for what is not stored: `v` and `mono`. */
  readonly stored: ReadonlyMap<number, Record<string, unknown>>;
  /** Rows beyond the first of a frame. */
  readonly doubled: number;
  readonly missing: readonly number[];
  readonly lost: readonly number[];
  readonly refused: readonly number[];
  /** When a lost frame was sent, from and to, as the history has it; null before the first frame. */
  bounds(lost: number): readonly [number | null, number];
  /** Everything up to here is one of these. */
  readonly lastSeq: number;
  /** When frames were sent of which nobody knows how many: from, to. */
  readonly tail: readonly [number, number] | null;
}

const FRAMES = [
  `select seq, at_ms as at, 'cycle' as kind, ${ROW_FIELDS.map((name) => `${column(name)} as ${name}`).join(", ")}
     from cycle where source = ?`,
  `select seq, at_ms as at, 'sample' as kind, metric, value, labels
     from sample t join series s on s.id = t.series where source = ?`,
  `select seq, at_ms as at, kind, details from event where source = ?`,
];

/** Accounts for a run; null where the database has never heard of it. */
export function accountOf(path: string, boot: string): Account | null {
  const rows = (sql: string, ...values: unknown[]) =>
    readRows(path, sql, ...values);
  const [run] = rows("select id, last_seq from source where boot = ?", boot);
  if (run === undefined) return null;
  const id = run["id"];
  const stored = new Map<number, Record<string, unknown>>();
  const frames = FRAMES.flatMap((sql) => rows(sql, id));
  for (const row of frames) stored.set(Number(row["seq"]), asSent(row));
  const missing = rows("select * from missing where source = ?", id);
  const gaps = rows("select * from gap where source = ?", id);
  const open = gaps.find((gap) => gap["to_seq"] === null);
  const counted = gaps.filter((gap) => gap !== open);
  return {
    stored,
    doubled: frames.length - stored.size,
    missing: seqsOf(missing),
    lost: seqsOf(counted.filter((gap) => gap["cause"] !== "refused")),
    refused: seqsOf(counted.filter((gap) => gap["cause"] === "refused")),
    bounds(lost) {
      const holds = (gap: Record<string, unknown>) =>
        Number(gap["from_seq"]) <= lost && lost <= Number(gap["to_seq"]);
      const gap = counted.find(holds);
      return [gap?.["from_ms"] as number | null, Number(gap?.["to_ms"])];
    },
    lastSeq: Number(run["last_seq"]),
    tail: open ? [Number(open["from_ms"]), Number(open["to_ms"])] : null,
  };
}

function asSent({ details, labels, ...row }: Record<string, unknown>) {
  const parsed = (text: unknown) =>
    JSON.parse(String(text)) as Record<string, unknown>;
  if (row["kind"] === "sample")
    return { ...row, labels: labels === "" ? {} : parsed(labels) };
  if (row["kind"] === "cycle") return row;
  if (row["kind"] === "transition" || row["kind"] === "config")
    return { ...row, ...parsed(details) };
  return { ...row, kind: "event", event: row["kind"], detail: parsed(details) };
}

const seqsOf = (ranges: readonly Record<string, unknown>[]): number[] =>
  ranges.flatMap(({ from_seq: from, to_seq: to }) =>
    Array.from(
      { length: Number(to) - Number(from) + 1 },
      (_, i) => Number(from) + i,
    ),
  );
