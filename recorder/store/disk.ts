import { statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { BUSY_MS, type Connection } from "./connection.js";

export interface Sizes {
  readonly dbBytes: number;
  /** Of these, what is in use: pages of deleted rows lie free in the file until they are given back. */
  readonly usedBytes: number;
  readonly walBytes: number;
  /** What the file system has left for us. */
  readonly freeBytes: number;
}

/** The room the history takes. */
export interface Disk {
  /** The file that is shorter than SQLite believes; null for none. To be asked again and again. */
  cutOff(): "database" | "log" | null;
  sizes(): Sizes;
  /** Gives at most `pages` of what lies free back to the file system, where there is enough. @returns how many */
  vacuum(pages: number): number;
  /** Moves the write-ahead log into the database, as far as readers let it. */
  checkpoint(): void;
  /** The same, and cuts the log to nothing. @returns false if a reader still uses it; does not wait */
  truncateLog(): boolean;
}

/** 1 MB stays in the file for the rows to come: what is given back now is asked for again in a minute. */
export const RESERVE_PAGES = 256;

export function openDisk(db: Connection, midVacuum = () => {}): Disk {
  const pragma = (text: string) => db.pragma(text, { simple: true }) as number;
  const freePages = () => pragma("freelist_count");

  let knownBytes = 0;

  return {
    cutOff() {
      const dbBytes = statSync(db.name).size;
      const pageBytes = pragma("page_size");
      // it shrinks to what is in use when pages are given back, and is smaller than that before they are written
      const isCut =
        dbBytes < knownBytes && dbBytes < pragma("page_count") * pageBytes;
      knownBytes = dbBytes;
      if (isCut) return "database";
      const [wal] = db.pragma("wal_checkpoint(NOOP)") as Checkpoint[];
      const { log, checkpointed } = wal ?? { log: 0, checkpointed: 0 };
      const walBytes = WAL_HEAD + log * (WAL_FRAME_HEAD + pageBytes);
      return log > checkpointed && bytesOf(`${db.name}-wal`) < walBytes
        ? "log"
        : null;
    },
    sizes() {
      const pageBytes = pragma("page_size");
      const pages = pragma("page_count");
      const { bavail, bsize } = statfsSync(dirname(db.name));
      return {
        dbBytes: bytesOf(db.name),
        usedBytes: (pages - freePages()) * pageBytes,
        walBytes: bytesOf(`${db.name}-wal`),
        freeBytes: bavail * bsize,
      };
    },
    vacuum(pages) {
      const before = freePages();
      const spare = Math.min(pages, before - RESERVE_PAGES);
      if (spare <= 0) return 0;
      db.transaction(() => {
        db.pragma(`incremental_vacuum(${spare})`);
        midVacuum();
      }).immediate();
      return before - freePages();
    },
    checkpoint: () => void db.pragma("wal_checkpoint(PASSIVE)"),
    truncateLog() {
      db.pragma("busy_timeout = 0");
      const busy = pragma("wal_checkpoint(TRUNCATE)");
      db.pragma(`busy_timeout = ${BUSY_MS}`);
      return busy === 0;
    },
  };
}

/** Of the write-ahead log and of each page in it, bytes (SQLite's file format, 4). */
const WAL_HEAD = 32;
const WAL_FRAME_HEAD = 24;

/** Frames in the log, and how many of them are in the database too. */
interface Checkpoint {
  readonly log: number;
  readonly checkpointed: number;
}

/** 0 where it cannot be looked at. */
export function bytesOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
