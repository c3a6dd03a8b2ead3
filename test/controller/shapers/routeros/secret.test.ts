import {
  chmodSync,
  chownSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  demandPrivateKey,
  readSecret,
} from "../../../../controller/shapers/routeros/secret.js";
import { Failure } from "../../../../shared/runtime/failure.js";

describe("readSecret()", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "wanctl-secret-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (mode: number, text = "hush\nsecond line\n") => {
    const path = join(folder, "password");
    writeFileSync(path, text);
    chmodSync(path, mode);
    return { kind: "file", path } as const;
  };

  it("reads the environment, a private file, and a credential of systemd's", () => {
    const env = { PASSWORD: "hush", CREDENTIALS_DIRECTORY: folder };
    const of = (kind: "environment" | "credential", name: string) =>
      readSecret({ kind, name }, env);
    expect(of("environment", "PASSWORD")).to.equal("hush");
    for (const mode of [0o600, 0o640, 0o400])
      expect(readSecret(file(mode))).to.equal("hush");
    expect(of("credential", "password")).to.equal("hush");
  });

  for (const text of ["hüsh\r\nsecond\r\n", "hüsh\r", "\ufeffhüsh\n", "hüsh"])
    it(`reads the line and nothing of its end or its encoding: ${JSON.stringify(text)}`, () => {
      expect(readSecret(file(0o600, text))).to.equal("hüsh");
      const env = { P: text.replace(/^\ufeff|second\r\n/g, "") };
      expect(readSecret({ kind: "environment", name: "P" }, env)).to.equal(
        "hüsh",
      );
    });

  for (const bytes of [
    Buffer.from("\ufeffhush\n", "utf16le"),
    Buffer.from("hush\n", "utf16le"),
    Buffer.from("h\xfcsh\n", "latin1"),
  ])
    it(`refuses what is no UTF-8: ${bytes.toString("hex")}`, () => {
      const secret = file(0o600);
      writeFileSync(secret.path, bytes);
      expect(() => readSecret(secret)).to.throw(Failure, "must be UTF-8 text");
    });

  for (const mode of [0o644, 0o660, 0o604, 0o620])
    it(`refuses a file of mode 0${mode.toString(8)}`, () => {
      expect(() => readSecret(file(mode))).to.throw(
        Failure,
        `must have mode 0600 or 0640: got 0${mode.toString(8)}`,
      );
    });

  it("says what is missing", () => {
    for (const [secret, words] of [
      [{ kind: "environment", name: "NONE" }, "must be set"],
      [{ kind: "file", path: join(folder, "none") }, "ENOENT"],
      [{ kind: "credential", name: "none" }, "LoadCredential="],
      [file(0o600, "\n"), "must not be empty"],
    ] as const)
      expect(() => readSecret(secret, {})).to.throw(Failure, words);
  });
});

describe("demandPrivateKey()", () => {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-key-"));
  const path = join(folder, "key");
  after(() => rmSync(folder, { recursive: true }));

  const demand = (mode: number, owner?: number) => {
    writeFileSync(path, "key");
    chmodSync(path, mode);
    if (owner !== undefined) chownSync(path, owner, 0);
    return () => demandPrivateKey(path);
  };

  it("takes what ssh takes: our own key for us alone", () => {
    for (const mode of [0o600, 0o400]) expect(demand(mode)).not.to.throw();
    for (const mode of [0o640, 0o644, 0o660, 0o604])
      expect(demand(mode)).to.throw(Failure, "must have mode 0600");
  });

  it("takes somebody else's for the group", function () {
    if (process.getuid?.() !== 0) this.skip();
    expect(demand(0o640, 1)).not.to.throw();
    expect(demand(0o644, 1)).to.throw(Failure, "0600 or 0640: got 0644");
  });

  it("says that there is none", () => {
    expect(() => demandPrivateKey(join(folder, "none"))).to.throw(
      Failure,
      /^Cannot read key '.*none': file must exist, with mode 0600 \(ENOENT\)$/,
    );
  });
});
