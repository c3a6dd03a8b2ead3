import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { loadRecorderConfig } from "../../recorder/config.js";
import { temporaryFolder } from "./temporary.js";
import { DAY_MS } from "./upkeep-of.js";

const keep = (raw: number, minute: number, five: number, hour: number) => ({
  raw: raw * DAY_MS,
  "1m": minute * DAY_MS,
  "5m": five * DAY_MS,
  "1h": hour * DAY_MS,
});

const TOKEN = "0123456789abcdef";

describe("loadRecorderConfig()", () => {
  const folder = temporaryFolder();
  const load = (yaml: string) => {
    const file = join(folder.path, "recorder.yaml");
    writeFileSync(file, yaml);
    return loadRecorderConfig(file).values;
  };
  const tokenFile = (text = `${TOKEN}\n`) => {
    const file = join(folder.path, "token");
    writeFileSync(file, text);
    return file;
  };

  it("needs no key at all (STOR-01, STOR-02, STOR-03)", () =>
    expect(load("")).to.deep.equal({
      dbPath: "/var/lib/wanctl/metrics.db",
      logFormat: "text",
      http: { host: "127.0.0.1", port: 9101, token: null },
      policy: {
        keep: keep(2, 7, 7, 365),
        eventMs: 365 * DAY_MS,
        maxBytes: 2 ** 30,
        minFreeBytes: 2 ** 28,
      },
    }));

  it("reads every key", () =>
    expect(
      load(`
        storage:
          db_path: /srv/h.db
          retention_days: 30
          raw_hours: 1.5
          minute_days: 1
          five_minute_days: 7
          hourly_retention_days: 100
          event_days: 50
          max_mb: 64
          min_free_mb: 0
        http: { listen: "[::]:80", token_file: "${tokenFile()}" }
        log: { format: json }`),
    ).to.deep.equal({
      dbPath: "/srv/h.db",
      logFormat: "json",
      http: { host: "::", port: 80, token: TOKEN },
      policy: {
        keep: keep(1.5 / 24, 1, 7, 100),
        eventMs: 50 * DAY_MS,
        maxBytes: 2 ** 26,
        minFreeBytes: 0,
      },
    }));

  for (const [retentionDays, days] of [
    [1, [1, 1, 1, 365]],
    [3, [2, 3, 3, 365]],
    [7, [2, 7, 7, 365]],
    [30, [2, 30, 30, 365]],
    [365, [2, 365, 365, 365]],
  ] as const)
    it(`is valid with retention_days ${retentionDays} alone (STOR-02, STOR-03)`, () =>
      expect(
        load(`storage: { retention_days: ${retentionDays} }`).policy.keep,
      ).to.deep.equal(keep(days[0], days[1], days[2], days[3])));

  it("serves no HTTP where that is off, and then needs no token", () =>
    expect(
      load("http: { listen: off, token_env: WANCTL_NO_SUCH }").http,
    ).to.equal(null));

  for (const listen of ["127.0.0.9:1", "[::1]:1", "localhost:1"])
    it(`needs no token on this host: ${listen} (API-01)`, () =>
      expect(load(`http: { listen: "${listen}" }`).http?.token).to.equal(null));

  it("takes a token from the environment, and shows it to nobody (API-01)", () => {
    process.env["WANCTL_TEST_TOKEN"] = TOKEN;
    try {
      const file = join(folder.path, "recorder.yaml");
      const text =
        "http: { listen: 192.0.2.1:80, token_env: WANCTL_TEST_TOKEN }";
      writeFileSync(file, text);
      const { values, shown } = loadRecorderConfig(file);
      expect(values.http?.token).to.equal(TOKEN);
      expect(JSON.stringify(shown)).not.to.include(TOKEN);
    } finally {
      delete process.env["WANCTL_TEST_TOKEN"];
    }
  });

  it("refuses a token that is short or broken, without showing it (API-01)", () => {
    for (const [text, rule] of [
      ["short", "at least 16 characters: holds 5"],
      ["twenty characters it has", "without spaces"],
      ["", "at least 16 characters: holds 0"],
    ] as const)
      expect(() =>
        load(`http: { listen: 192.0.2.1:80, token_file: ${tokenFile(text)} }`),
      )
        .to.throw(rule)
        .with.property("message")
        .that.does.not.match(/short|twenty/);
  });

  it("takes a relative path from the working directory", () =>
    expect(load("storage: { db_path: h.db }").dbPath).to.equal(
      resolve("h.db"),
    ));

  for (const [yaml, message] of [
    [
      "storage:\n  db_pth: x",
      "Cannot read recorder.yaml:2 'storage.db_pth': unknown key, did you mean 'db_path'",
    ],
    [
      "storage: { db_path: '' }",
      "Cannot read recorder.yaml:1 'storage.db_path': must be a non-empty string: got \"\"",
    ],
    [
      "storage: { retention_days: 366 }",
      "Cannot read recorder.yaml:1 'storage.retention_days': must be from 1 to 365: got 366",
    ],
    [
      "storage: { raw_hours: 1 }", // what controllers hold back for half an hour must still find its minute
      "Cannot read recorder.yaml:1 'storage.raw_hours': must be from 1.5 to 8760: got 1",
    ],
    [
      "storage: { retention_days: 1, raw_hours: 25 }",
      "Cannot read recorder.yaml:1 'storage.raw_hours': must be at most 24, as storage.retention_days says: got 25",
    ],
    [
      "storage: { minute_days: 8 }",
      "Cannot read recorder.yaml:1 'storage.minute_days': must be at most 7, as storage.retention_days says: got 8",
    ],
    [
      "storage: { minute_days: 1 }",
      "Cannot read recorder.yaml:1 'storage.minute_days': must be at least 2, as long as the finer tier: got 1",
    ],
    [
      "storage: { minute_days: 6, five_minute_days: 5 }",
      "Cannot read recorder.yaml:1 'storage.five_minute_days': must be at least 6, as long as the finer tier: got 5",
    ],
    [
      "storage: { retention_days: 30, hourly_retention_days: 29 }",
      "Cannot read recorder.yaml:1 'storage.hourly_retention_days': must be at least 30, as long as the finer tier: got 29",
    ],
    [
      "http: { listen: 0.0.0.0:9101 }",
      "Cannot read recorder.yaml:1 'http.listen': must be a loopback address unless token_env or token_file is set: got \"0.0.0.0:9101\"",
    ],
    [
      "http: { listen: example.net:9101 }", // whose address may be anything
      "Cannot read recorder.yaml:1 'http.listen': must be a loopback address unless token_env or token_file is set",
    ],
    [
      "http: { listen: 9101 }",
      "Cannot read recorder.yaml:1 'http.listen': must be a non-empty string: got 9101",
    ],
    [
      "http: { listen: 127.0.0.1:70000 }",
      "Cannot read recorder.yaml:1 'http.listen': must name a port from 0 to 65535: got \"127.0.0.1:70000\"",
    ],
    [
      "http:\n  listen: 127.0.0.1:1\n  token_env: WANCTL_NO_SUCH",
      "Cannot read recorder.yaml:3 'http.token_env': environment variable WANCTL_NO_SUCH is not set",
    ],
    [
      "http: { token_file: /nowhere/token }",
      "Cannot read recorder.yaml:1 'http.token_file': cannot be read: no such file or folder (ENOENT): got \"/nowhere/token\"",
    ],
    [
      "http: { token_file: /nowhere/token, token_env: X }",
      "Cannot read recorder.yaml:1 'http.token_file': must not be set together with token_env",
    ],
    [
      "log: { format: xml }",
      "Cannot read recorder.yaml:1 'log.format': must be one of text, json: got \"xml\"",
    ],
  ] as const)
    it(`refuses ${JSON.stringify(yaml)}`, () =>
      expect(() => load(yaml)).to.throw(message));
});
