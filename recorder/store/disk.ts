import { statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { BUSY_MS, type Connection } from "./connection.js";

export interface Sizes {
  readonly dbBytes: number;
  /** Bytes in use: pages of deleted rows stay in the file as free pages until they are returned. */
  readonly usedBytes: number;
  readonly walBytes: number;
  /** Free space of the file system available to this user. */
  readonly freeBytes: number;
}

/** The disk space of the history. */
export interface Disk {
  /** The file that is shorter than SQLite expects; null for none. To be called regularly. */
  cutOff(): "database" | "log" | null;
  sizes(): Sizes;
  /** Returns at most `pages` free pages to the file system, beyond the reserve. @returns how many */
  vacuum(pages: number): number;
  /** Writes the write-ahead log into the database, as far as readers allow. */
  checkpoint(): void;
  /** The same, and truncates the log. Does not wait. @returns false if a reader still uses it */
  truncateLog(): boolean;
}

/** Free pages kept in the file for new rows: 1 MB. */
export const RESERVE_PAGES = 256;

export function openDisk(db: Connection, midVacuum = () => {}): Disk {
  const pragma = (text: string) => db.pragma(text, { simple: true }) as number;
  const freePages = () => pragma("freelist_count");

  let knownBytes = 0;

  return {
    cutOff() {
      const dbBytes = statSync(db.name).size;
      const pageBytes = pragma("page_size");
      // the file also shrinks by vacuum, to page_count, and is smaller than that before new pages are written
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

/** Bytes of the write-ahead log's header, and of each page's header in it (SQLite's file format, 4). */
const WAL_HEAD = 32;
const WAL_FRAME_HEAD = 24;

/** Frames in the log, and how many of them were written to the database. */
interface Checkpoint {
  readonly log: number;
  readonly checkpointed: number;
}

/** The size of a file; 0 if it cannot be read. */
export function bytesOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
