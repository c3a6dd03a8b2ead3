import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  loadRecorderConfig,
  RECORDER_SCHEMA,
  type RecorderConfig,
} from "../../recorder/config.js";
import { itObeysEveryKey, type KeyRow } from "../fakes/key-rows.js";
import { DAY_MS } from "./upkeep-of.js";

type Row = KeyRow<RecorderConfig>;

const row = (value: unknown, seen: Row["seen"], makes: unknown): Row => ({
  in: {},
  value,
  seen,
  makes,
});

const TOKEN = "0123456789abcdef";
const BEYOND = { http: { listen: "192.0.2.1:80" } };

describe("the recorder's file", () => {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-"));
  const tokenFile = join(folder, "token");
  before(() => {
    writeFileSync(tokenFile, TOKEN);
    process.env["WANCTL_TEST_TOKEN"] = TOKEN;
  });
  after(() => {
    rmSync(folder, { recursive: true });
    delete process.env["WANCTL_TEST_TOKEN"];
  });

  const token: Row["seen"] = ({ http }) => http?.token;
  const keep =
    (tier: "raw" | "1m" | "5m" | "1h"): Row["seen"] =>
    ({ policy }) =>
      policy.keep[tier] / DAY_MS;

  /** What each key changes. A new key needs a row: a key without an effect is a lie to whoever sets it. */
  const rows: Readonly<Record<string, Row>> = {
    "storage.db_path": row("/srv/h.db", ({ dbPath }) => dbPath, "/srv/h.db"),
    "storage.retention_days": row(3, keep("5m"), 3),
    "storage.raw_hours": row(36, keep("raw"), 1.5),
    "storage.minute_days": row(3, keep("1m"), 3),
    "storage.five_minute_days": {
      ...row(4, keep("5m"), 4),
      in: { storage: { minute_days: 3 } },
    },
    "storage.hourly_retention_days": row(30, keep("1h"), 30),
    "storage.event_days": row(9, ({ policy }) => policy.eventMs, 9 * DAY_MS),
    "storage.max_mb": row(64, ({ policy }) => policy.maxBytes, 2 ** 26),
    "storage.min_free_mb": row(1, ({ policy }) => policy.minFreeBytes, 2 ** 20),
    "http.listen": row("127.0.0.1:80", ({ http }) => http?.port, 80),
    "http.token_env": { ...row("WANCTL_TEST_TOKEN", token, TOKEN), in: BEYOND },
    "http.token_file": { ...row(tokenFile, token, TOKEN), in: BEYOND },
    "log.format": row("json", ({ logFormat }) => logFormat, "json"),
  };
  itObeysEveryKey(
    RECORDER_SCHEMA,
    (file) => loadRecorderConfig(file).values,
    rows,
  );
});
