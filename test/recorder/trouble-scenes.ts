import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Publisher as Socket } from "zeromq";
import { Database } from "../../recorder/store/connection.js";
import type { EventName } from "../../shared/contract/event.js";
import { encodeFrame, FRAME_VERSION } from "../../shared/contract/frame.js";
import { systemClock } from "../../shared/runtime/clock.js";
import { ipc } from "../../shared/runtime/paths.js";
import { cycle, stamped } from "../fakes/frames.js";
import { type Disk, type Mount, mountDisk, mountMemory } from "./mounts.js";
import { openSender, sleep } from "./station.js";
import type { Stage } from "./trouble-stage.js";

/** What befalls a recorder, and what becomes of it. */
export interface Scene {
  readonly trouble: string;
  /** More of `storage`. */
  readonly settings?: string;
  /** Where the database lies. */
  readonly place?: (folder: string) => Mount | Disk;
  /** Before the recorder is started. */
  readonly before?: (database: string, place: Mount | Disk | null) => void;
  readonly provoke?: (
    stage: Stage,
    place: Mount | Disk | null,
  ) => Promise<void> | void;
  /** What health says meanwhile; null where it is over at once. */
  readonly reason: RegExp | null;
  readonly relieve?: (
    stage: Stage,
    place: Mount | Disk | null,
  ) => Promise<void> | void;
  /** The recorder's own events, in order, afterwards in the history. */
  readonly events: readonly EventName[];
}

const fill = (path: string) => {
  try {
    for (;;) writeFileSync(path, Buffer.alloc(4_096, 1), { flag: "a" });
  } catch {
    // full
  }
};

/** A socket that says whatever it wants to the recorder. */
async function stranger({ at, onEnd }: Stage): Promise<Socket> {
  const socket = new Socket({
    linger: 0,
    sendTimeout: 0,
    sendHighWaterMark: 100_000,
  });
  socket.connect(ipc(at.run.frames));
  onEnd(() => {
    socket.close();
  });
  await sleep(200);
  return socket;
}

const say = (socket: Socket, parts: (string | Buffer)[]) =>
  socket.send(parts).catch(() => null);

/** Has whoever wrote it last not rely on what it remembers of it. */
function damage({ at }: Stage): void {
  const other = new Database(at.database);
  other.exec("create table other (n)");
  other.pragma("wal_checkpoint(TRUNCATE)");
  other.exec("insert into other values (1)");
  const bytes = readFileSync(at.database);
  writeFileSync(at.database, bytes.fill(0xa5, 8_192, bytes.length - 4_096), {
    flag: "r+",
  });
  other.exec("insert into other values (1)");
  other.close();
}

export const SCENES: readonly Scene[] = [
  {
    trouble: "disk full",
    settings: "min_free_mb: 0",
    place: (folder) => mountMemory(join(folder, "disk"), 3_072),
    provoke: (_, place) => {
      fill(join(place!.path, "ballast"));
    },
    reason:
      /^the database cannot be written: .*(SQLITE_FULL|SQLITE_IOERR|ENOSPC)/,
    relieve: (_, place) => {
      rmSync(join(place!.path, "ballast"));
    },
    events: ["database_lost", "database_back"],
  },
  {
    trouble: "disk fails, is mounted again",
    settings: "min_free_mb: 0",
    place: (folder) => mountDisk(join(folder, "disk")),
    provoke: (_, place) => {
      (place as Disk).fail();
    },
    reason:
      /^the database cannot be written: .*(EROFS|SQLITE_READONLY|SQLITE_IOERR|SQLITE_CANTOPEN)/,
    async relieve(_, place) {
      for (;;)
        try {
          (place as Disk).mountAgain();
          return;
        } catch {
          await sleep(50);
        }
    },
    events: ["database_lost", "database_back"],
  },
  {
    trouble: "read-only at the start",
    settings: "min_free_mb: 0",
    place: (folder) => mountMemory(join(folder, "disk"), 8_192),
    before: (_, place) => {
      (place as Mount).remount("ro");
    },
    reason: /^the database cannot be written: .*EROFS/,
    relieve: (_, place) => {
      (place as Mount).remount("rw");
    },
    events: ["database_lost", "database_back"],
  },
  {
    trouble: "file deleted",
    provoke: ({ at }) => {
      rmSync(at.database);
    },
    reason: null,
    events: ["database_replaced"],
  },
  {
    trouble: "file replaced by an older copy",
    async provoke({ at, folder }) {
      const copy = join(folder, "copy.db");
      const db = new Database(at.database);
      await db.backup(copy);
      db.close();
      await sleep(1_500);
      renameSync(copy, at.database);
    },
    reason: null,
    events: ["database_replaced"],
  },
  {
    trouble: "file damaged while in use",
    provoke: damage,
    reason: /^the database was damaged: kept as '.*metrics\.db\.corrupt-/,
    events: ["database_damaged"],
  },
  {
    trouble: "file damaged at the start",
    before: (database) => {
      writeFileSync(database, randomBytes(20_000));
    },
    reason: /^the database was damaged: kept as '.*metrics\.db\.corrupt-/,
    events: ["database_damaged"],
  },
  {
    trouble: "garbage, frames from the future and of a newer version",
    async provoke(stage) {
      const socket = await stranger(stage);
      const frame = stamped(cycle(), 1, { source: "odd" });
      const ahead = { ...frame, at: systemClock.wall() + 3_600_000 };
      for (let i = 0; i < 10; i++) {
        await say(socket, ["odd/cycle", Buffer.from([0xc1])]);
        await say(socket, ["odd/cycle", Buffer.alloc(65_537)]);
        await say(socket, [Buffer.from([0xff]), encodeFrame(frame)]);
        await say(socket, ["odd/cycle"]);
        await say(socket, ["odd/cycle", "two", "three"]);
        await say(socket, ["odd/cycle", encodeFrame(ahead)]);
        const newer = { ...frame, seq: 2, v: FRAME_VERSION + 1 };
        await say(socket, ["odd/cycle", encodeFrame(newer)]);
      }
      await say(socket, ["odd/cycle", Buffer.alloc(2 ** 20)]);
    },
    reason: /^frames were refused in the last minute: /,
    events: Array<EventName>(6).fill("frames_refused"),
  },
  {
    trouble: "a controller floods",
    async provoke(stage) {
      const socket = await stranger(stage);
      const detail = Object.fromEntries(
        Array.from({ length: 4 }, (_, i) => [`text${i}`, "x".repeat(1_000)]),
      );
      const event = { kind: "event", event: "rate_foreign", detail } as const;
      let seq = 0;
      const flooding = setInterval(() => {
        for (let i = 0; i < 100; i++) {
          const frame = stamped(event, ++seq, {
            source: "flood",
            boot: "f".repeat(16),
            at: systemClock.wall(),
          });
          void say(socket, ["flood/event", encodeFrame(frame)]);
        }
      }, 10);
      stage.onEnd(() => {
        clearInterval(flooding);
      });
      setTimeout(() => {
        clearInterval(flooding);
      }, 5_000);
      await sleep(2_500);
    },
    reason:
      /^'flood' sends more frames than a controller can: it is rate-limited$/,
    events: ["source_flooding", "source_calm"],
  },
  {
    trouble: "two controllers of one name",
    async provoke({ at, folder, onEnd }) {
      const wanFrames = () => join(folder, "second.ipc");
      const run = { ...at.run, wanFrames };
      const second = await openSender("spectrum", "b".repeat(16), run, {
        everyMs: 50,
      });
      onEnd(() => second[Symbol.asyncDispose]());
      await sleep(2_500);
      setTimeout(() => void second[Symbol.asyncDispose](), 1_000);
    },
    reason: /^two controllers use the name 'spectrum'$/,
    events: ["source_doubled", "source_single"],
  },
  {
    trouble: "a reader that does not end",
    provoke({ at, onEnd }) {
      const reader = new Database(at.database, { readonly: true });
      onEnd(() => {
        reader.close();
      });
      reader.exec("begin");
      reader.prepare("select count(*) from cycle").get();
      const other = new Database(at.database);
      other.exec("create table ballast (bytes blob)");
      // bit by bit, or the recorder would have to wait for too long
      const insert = other.prepare("insert into ballast values (zeroblob(?))");
      for (let i = 0; i < 70; i++) insert.run(2 ** 20);
      other.close();
    },
    reason: /^the write-ahead log is \d+ MB: a reader keeps a transaction open/,
    relieve: (stage) => stage.end(),
    events: ["log_held", "log_freed"],
  },
];
