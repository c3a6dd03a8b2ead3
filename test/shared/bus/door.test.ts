import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { Publisher } from "zeromq";
import { connectBehind, openDoor } from "../../../shared/bus/door.js";
import { openSubscriber } from "../../../shared/bus/subscriber.js";
import { ipc } from "../../../shared/runtime/paths.js";
import { until } from "../../fakes/until.js";
import { temporaryFolder } from "../../recorder/temporary.js";

describe("openDoor()", () => {
  const folder = temporaryFolder();

  it("lets so many in at a time, and those who are in go on; the silent leave (STOR-07)", async () => {
    const path = join(folder.path, "frames.ipc");
    await using subscriber = await openSubscriber({
      bind: connectBehind(path),
    });
    const heard: string[] = [];
    const receiving = (async () => {
      for await (const body of subscriber) heard.push(String(body));
    })();
    await using door = await openDoor(path, undefined, 8);
    const publisher = new Publisher({ linger: 0 });
    publisher.connect(ipc(path));
    const say = (word: string) =>
      until(() => {
        void publisher.send(["topic", word]).catch(() => null);
        return heard.includes(word) || null;
      });
    await say("before");
    const strangers: Socket[] = [];
    for (let i = 0; i < 50; i++)
      strangers.push(connect(path).on("error", () => undefined));
    await until(() => (door.counts.refused >= 43 ? true : null));
    expect(door.counts.open).to.equal(8);
    await say("meanwhile");
    // who says nothing for five seconds is no peer of ours
    await until(() => (door.counts.open === 1 ? true : null), 20_000);
    await say("afterwards");
    for (const each of strangers) each.destroy();
    publisher.close();
    await subscriber[Symbol.asyncDispose]();
    await receiving;
  });
});
