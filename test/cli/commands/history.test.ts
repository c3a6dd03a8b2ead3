import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { cycle, transition } from "../../fakes/frames.js";
import { Station } from "../../recorder/station.js";
import {
  BIN,
  type Ended,
  start,
  temporary,
  until,
  wanctl,
  widest,
} from "../bin.js";
import { controller } from "../controller.js";

interface Values {
  readonly data: readonly Record<string, unknown>[];
  readonly metadata: Record<string, unknown>;
}

describe("wanctl history", () => {
  let folder: ReturnType<typeof temporary>;
  let station: Station;
  let controllers: AsyncDisposable[];
  const ask = (...args: string[]): Promise<Ended> =>
    wanctl("history", "--run-dir", station.run.root, ...args);
  const values = async (...args: string[]) =>
    JSON.parse((await ask("--json", ...args)).out) as Values;

  before(async () => {
    folder = temporary();
    station = new Station(folder.path);
    await station.up();
    const messages = [
      ...Array.from({ length: 9 }, () => cycle()),
      transition(),
    ];
    controllers = [
      await controller(station.run, "spectrum", messages),
      await controller(station.run, "att", messages),
    ];
    let known: readonly unknown[] = [];
    while (known.length < 2)
      known = (await values("--last", "1m")).metadata["wans"] as unknown[];
  });
  after(async () => {
    for (const each of controllers) await each[Symbol.asyncDispose]();
    await station.kill("SIGTERM");
    folder[Symbol.dispose]();
  });

  describe("of a running recorder", () => {
    for (const form of ["", "--summary", "--plot", "--events"])
      it(`CLI-01: prints ${form || "a table"} in 80 columns, without colours`, async () => {
        const { code, out, err } = await ask(...(form === "" ? [] : [form]));
        expect({ code, err }).to.deep.equal({ code: 0, err: "" });
        expect(widest(out)).to.be.at.most(80);
        expect(out).not.to.match(/NaN|undefined|\x1b/);
        expect(out).to.match(/spectrum/);
        if (form !== "--events")
          expect(out).to.match(
            /% of this time range is recorded, since .*; from/,
          );
      });

    it("CLI-01: says each change of state with its reason", async () => {
      const { out } = await ask("--events", "--wan", "att");
      expect(out.replace(/\n +/g, " ")).to.match(
        /att {6}download YELLOW -> SOFT_RED: RTT delta 50.3ms exceeded soft_red threshold 45ms/,
      );
      expect(out).not.to.include("spectrum");
    });

    it("CLI-01: tells programs every cycle, with what the answer was made of", async () => {
      const { data, metadata } = await values(
        ...["--step", "cycle", "--metrics", "rtt", "--wan", "att"],
      );
      expect(data.length).to.be.above(10);
      for (const row of data) {
        expect(row).to.include({ wan: "att", unit: "ms", count: 1 });
        expect(Object.keys(row)).to.deep.equal([
          ...["at", "time", "wan", "metric", "labels", "unit"],
          ...["count", "min", "avg", "max"],
        ]);
      }
      expect(metadata).to.include({ stepMs: null, returned: data.length });
      expect(metadata).to.include.keys("wans", "gaps", "partial");
    });

    it("CLI-01: writes CSV, a line for each step and series", async () => {
      const { out } = await ask("--csv", "--metrics", "state,rtt");
      const [head, ...lines] = out.trimEnd().split("\n");
      expect(head).to.match(/^time,wan,metric,labels,unit,count,min,avg,max,/);
      for (const line of lines)
        expect(line).to.match(
          /^\d{4}-[\d-]+T[\d:.]+Z,(att|spectrum),wanctl_(rtt|state)/,
        );
      expect(out).to.include(`"{""direction"":""upload""}",code,`);
    });

    it("CLI-01: goes on with a line for each step that is over, until Ctrl-C", async () => {
      const args = ["--follow", "--step", "1s", "--last", "2s"];
      const run = ["--run-dir", station.run.root];
      const following = start("history", ...run, ...args);
      await until(() => following.out().split("\n").length > 8);
      following.process.kill("SIGINT");
      const { code, out, err } = await following.ended;
      expect({ code, err }).to.deep.equal({ code: 0, err: "" });
      expect(widest(out)).to.be.at.most(80);
      const steps = out.split("\n").slice(1).filter(Boolean);
      expect(new Set(steps.map((line) => line.slice(0, 18))).size).to.equal(
        steps.length,
      );
    });

    it("CLI-01: goes on with events, each once", async () => {
      const run = ["--run-dir", station.run.root];
      const following = start("history", ...run, "--follow", "--events");
      await until(() => following.out() !== "");
      const early = following.out().length;
      await until(() => following.out().length > early);
      following.process.kill("SIGINT");
      const { code, out } = await following.ended;
      expect(code).to.equal(0);
      const times = out.match(/^[\d:.]{12} (att|spectrum)/gm) ?? [];
      expect(new Set(times).size).to.equal(times.length);
    });

    it("ends quietly when its reader has had enough", async () => {
      const run = ["--run-dir", station.run.root];
      const started = start("history", ...run, "--csv", "--step", "cycle");
      started.process.stdout.once("data", () =>
        started.process.stdout.destroy(),
      );
      const [code] = (await once(started.process, "exit")) as [number];
      expect({ code, err: started.err() }).to.deep.equal({ code: 0, err: "" });
    });

    it("names the WANs there are when the one asked for is not", async () =>
      expect(await ask("--wan", "spektrum")).to.deep.equal({
        code: 1,
        out: "",
        err: "wanctl: Cannot show WAN 'spektrum': must be one of att, spectrum\n",
      }));

    it("refuses its file", async () => {
      const { code, err } = await wanctl("history", "--db", station.database);
      expect(code).to.equal(1);
      expect(err).to.match(
        /^wanctl: Cannot open database '.*': must not be in use by a recorder: omit --db/,
      );
    });

    it("API-02: is also called wanctl-history", async () => {
      const alias = BIN.replace(/wanctl\.js$/, "wanctl-history.js");
      const child = spawn(process.execPath, [
        ...[alias, "--run-dir", station.run.root, "--json"],
      ]);
      let out = "";
      child.stdout.on("data", (part) => (out += String(part)));
      await once(child, "close");
      expect((JSON.parse(out) as Values).data.length).to.be.above(0);
    });
  });

  describe("of somebody else", () => {
    it("says in one line that nobody answers, exit code 2", async () => {
      using empty = temporary();
      expect(await wanctl("history", "--run-dir", empty.path)).to.deep.equal({
        code: 2,
        out: "",
        err: `wanctl: Cannot ask the recorder at '${empty.path}/recorder/api': it is not running\n`,
      });
    });

    for (const [what, status, body, says] of [
      ["a page", 200, "<html>\x1b[31mHello", "must be from a wanctl recorder"],
      ["another JSON", 200, `{"data":{},"status":"success"}`, "must be from"],
      ["an error", 400, `{"error":"Cannot read it"}`, "wanctl: Cannot read it"],
      [
        "a demand",
        401,
        `{"error":"no"}`,
        "it requires a token: set WANCTL_TOKEN",
      ],
    ] as const)
      it(`says in one line that ${what} is no answer`, async () => {
        const server = createServer((_, response) =>
          response.writeHead(status).end(body),
        ).listen(0, "127.0.0.1");
        await once(server, "listening");
        const { port } = server.address() as AddressInfo;
        const { code, out, err } = await wanctl(
          ...["history", "--url", `http://127.0.0.1:${port}`],
        );
        server.close();
        expect({ code, out }).to.deep.equal({ code: 1, out: "" });
        expect(err).to.include(says);
        expect(err).to.match(/^wanctl: [^\n\x1b]+\n$/);
      });

    for (const [url, path] of [
      ["", "/api/v1/"],
      ["/", "/api/v1/"],
      ["/wanctl", "/wanctl/api/v1/"],
      ["/wanctl/", "/wanctl/api/v1/"],
      ["/a/b%20c//", "/a/b%20c/api/v1/"],
      ["/wanctl?x=1#y", "/wanctl/api/v1/"],
    ] as const)
      it(`asks below the path of --url: '${url}'`, async () => {
        const asked: string[] = [];
        const server = createServer(({ url }, response) => {
          asked.push(String(url));
          response.writeHead(400).end(`{"error":"no"}`);
        }).listen(0, "127.0.0.1");
        await once(server, "listening");
        const { port } = server.address() as AddressInfo;
        await wanctl("history", "--url", `http://127.0.0.1:${port}${url}`);
        server.close();
        expect(asked[0]?.startsWith(path), asked[0]).to.equal(true);
      });

    it("sends no token where WANCTL_TOKEN is empty", async () => {
      const given: (string | undefined)[] = [];
      const server = createServer(({ headers }, response) => {
        given.push(headers.authorization);
        response.writeHead(401).end("{}");
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      process.env["WANCTL_TOKEN"] = "";
      const { err } = await wanctl(
        ...["history", "--url", `http://127.0.0.1:${port}`],
      ).finally(() => delete process.env["WANCTL_TOKEN"]);
      server.close();
      expect(err).to.include("it requires a token: set WANCTL_TOKEN");
      expect(given).to.deep.equal([undefined]);
    });

    for (const [args, code, says] of [
      [["--url", "nonsense"], 1, "must be like http://127.0.0.1:9101"],
      [
        ["--url", "http://me:secret@host"],
        1,
        "must not have a user name or password",
      ],
      [["--json", "--csv"], 2, "cannot be used with option"],
      [["--follow", "--to", "now"], 2, "cannot be used with option"],
      [["--summary", "--events"], 2, "cannot be used with option"],
      [["--plot", "--step", "1m"], 2, "cannot be used with option"],
      [["--db", "/none.db"], 1, "Cannot open database '/none.db': must exist"],
      [["--lst", "1h"], 2, "Did you mean --last?"],
    ] as const)
      it(`refuses ${args.join(" ")}`, async () => {
        const ended = await wanctl("history", ...args);
        expect(ended.code).to.equal(code);
        expect(ended.err).to.include(says).and.not.to.include("secret");
      });
  });

  describe("of a file", () => {
    /** As its recorder left it when it was killed: with a log. */
    const copied = (place: string): string => {
      mkdirSync(place, { recursive: true });
      const file = join(place, "metrics.db");
      copyFileSync(station.database, file);
      copyFileSync(`${station.database}-wal`, `${file}-wal`);
      return file;
    };

    it("CLI-01: reads a copy, with its log", async () => {
      const file = copied(join(folder.path, "copy"));
      expect(existsSync(`${file}-wal`)).to.equal(true);
      const { code, out } = await wanctl("history", "--db", file, "--json");
      expect(code).to.equal(0);
      const { data } = JSON.parse(out) as Values;
      expect(data.length).to.be.above(0);
    });

    it("CLI-01: reads one in a folder that cannot be written, and leaves nothing", async () => {
      const place = join(folder.path, "read-only");
      const file = copied(place);
      for (const part of [file, `${file}-wal`]) chmodSync(part, 0o444);
      chmodSync(folder.path, 0o755);
      chmodSync(place, 0o555);
      // for root nothing is read-only
      const isRoot = process.getuid?.() === 0;
      const child = spawn(
        process.execPath,
        [BIN, "history", "--db", file, "--json"],
        {
          // nobody may not write coverage, and would say so
          env: { ...process.env, NODE_V8_COVERAGE: "" },
          ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
        },
      );
      let out = "";
      let err = "";
      child.stdout.on("data", (part) => (out += String(part)));
      child.stderr.on("data", (part) => (err += String(part)));
      const [code] = (await once(child, "close")) as [number];
      expect(err).to.match(
        /^wanctl: '.*read-only' cannot be written: reading a copy in '.*'\n$/,
      );
      expect(code).to.equal(0);
      expect((JSON.parse(out) as Values).data.length).to.be.above(0);
      const [, aside = ""] = /copy in '(.*)'/.exec(err) ?? [];
      expect(existsSync(aside)).to.equal(false);
      chmodSync(place, 0o755);
    });

    it("says in one line that a file is none of ours", async () => {
      const file = join(folder.path, "recorder.yaml");
      const { code, err } = await wanctl("history", "--db", file);
      expect(code).to.equal(1);
      expect(err).to.match(/^wanctl: Cannot open database '.*\n$/);
      expect(err).to.include("must be a SQLite database");
    });
  });
});
