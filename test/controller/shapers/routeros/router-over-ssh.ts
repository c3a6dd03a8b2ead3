import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { SshOptions } from "../../../../controller/shapers/routeros/ssh.js";
import { freePort } from "../../../fakes/free-port.js";
import { type Cli, openCli } from "../../../fakes/routeros-cli.js";
import { childrenOf } from "../../../processes.js";

/** A real sshd on a loopback port, behind whose forced command a router's command line plays. */
export interface RouterOverSsh extends AsyncDisposable {
  readonly options: SshOptions;
  readonly cli: Cli;
  /** How the router answers from now on: by its command line, not at all, or with this text. */
  answers: "rightly" | "never" | { readonly text: string };
  /** The scripts it was given. */
  readonly scripts: readonly string[];
  /** Connections that were accepted so far. */
  connections(): number;
  /** Another key than the one that is let in, and a file of host keys without the router's. */
  readonly strangeKey: string;
  readonly noKnownHosts: string;
  /** Ends the server and its connections, as a reboot would; and starts it anew, on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const SSHD = "/usr/sbin/sshd";

export async function openRouterOverSsh(
  cli = openCli(),
): Promise<RouterOverSsh> {
  const folder = mkdtempSync(join(tmpdir(), "wanctl sshd-"));
  const file = (name: string) => join(folder, name);
  const key = (name: string) => {
    const args = ["-q", "-t", "ed25519", "-N", "", "-f", file(name)];
    execFileSync("ssh-keygen", args);
    return readFileSync(file(`${name}.pub`), "utf8");
  };
  const hostKey = key("host");
  writeFileSync(file("authorized"), key("key"));
  key("strange");
  writeFileSync(file("none"), "");
  const scripts: string[] = [];
  const router: { answers: RouterOverSsh["answers"] } = { answers: "rightly" };

  const sockets = new Set<Socket>();
  const prompt = createServer({ allowHalfOpen: true }, (socket) => {
    let script = "";
    sockets.add(socket.on("close", () => sockets.delete(socket)));
    socket.on("error", () => undefined);
    socket.setEncoding("latin1").on("data", (text: string) => {
      script += text;
      if (!script.endsWith("\0")) return;
      scripts.push(script.slice(0, -1));
      if (router.answers === "never") return;
      socket.end(
        router.answers === "rightly"
          ? cli.execute(script.slice(0, -1))
          : router.answers.text,
        "latin1",
      );
    });
  }).listen(0, "127.0.0.1");
  await once(prompt, "listening");

  const port = await freePort();
  const to = (prompt.address() as AddressInfo).port;
  writeFileSync(
    file("command"),
    `exec 3<>/dev/tcp/127.0.0.1/${to}\nprintf '%s\\0' "$SSH_ORIGINAL_COMMAND" >&3\nexec cat <&3\n`,
  );
  writeFileSync(file("known"), `[127.0.0.1]:${port} ${hostKey}`);
  const settings = {
    Port: `${port}`,
    ListenAddress: "127.0.0.1",
    HostKey: `"${file("host")}"`,
    AuthorizedKeysFile: `"${file("authorized")}"`,
    ForceCommand: `/bin/bash "${file("command")}"`,
    // else bash reads its user's .bashrc for each command, as it does where sshd has started it
    SetEnv: "SHLVL=2",
    StrictModes: "no",
    UsePAM: "no",
    PidFile: "none",
    PermitRootLogin: "yes",
    PasswordAuthentication: "no",
    LogLevel: "VERBOSE",
  };
  writeFileSync(
    file("config"),
    Object.entries(settings)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(""),
  );
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });

  let log = "";
  let server: ReturnType<typeof launch> | null = null;

  const launch = () =>
    spawn(SSHD, ["-D", "-e", "-f", file("config")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
  const stop = async () => {
    if (server?.pid === undefined) return;
    const gone = once(server, "close");
    killTree(server.pid);
    await gone;
    server = null;
  };
  const start = async () => {
    const begun = log.length;
    const launched = launch();
    server = launched;
    await new Promise<void>((settle, fail) => {
      launched.on("error", fail);
      launched.on("exit", () => fail(new Error(`sshd ended: ${log}`)));
      launched.stderr.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        if (log.includes("Server listening", begun)) settle();
      });
    });
  };
  await start();
  return {
    options: {
      host: "127.0.0.1",
      port,
      user: userInfo().username,
      keyFile: file("key"),
      knownHostsFile: file("known"),
    },
    cli,
    scripts,
    get answers() {
      return router.answers;
    },
    set answers(how) {
      router.answers = how;
    },
    connections: () => [...log.matchAll(/Accepted publickey/g)].length,
    strangeKey: file("strange"),
    noKnownHosts: file("none"),
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop();
      for (const socket of sockets) socket.destroy();
      prompt.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** sshd's connections put themselves into sessions of their own; they are found as its children. */
function killTree(pid: number): void {
  for (const child of childrenOf(pid)) killTree(child);
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended meanwhile
  }
}
