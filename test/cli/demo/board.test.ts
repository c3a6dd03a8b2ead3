import { expect } from "chai";
import { openBoard, wanLines } from "../../../cli/demo/board.js";
import type { CycleFrame } from "../../../shared/contract/frame.js";
import { cycle, stamped } from "../../fakes/frames.js";
import { widest } from "../bin.js";

function screen(isTTY: boolean) {
  const written: string[] = [];
  return {
    isTTY,
    columns: 80,
    write: (text: string) => written.push(text),
    /** What was written since it was last asked for. */
    take: () => written.splice(0).join(""),
  };
}

const frame = (source: string) => stamped(cycle(), 1, { source });
const event = stamped({ kind: "event", event: "router_lost", detail: {} }, 2);

describe("openBoard()", () => {
  it("rewrites the present in place on a terminal", () => {
    const tty = screen(true);
    const board = openBoard(tty);
    board.update();
    expect(tty.take()).to.equal("");
    board.hear(frame("spectrum"));
    board.hear(frame("att"));
    board.update();
    const first = tty.take();
    expect(first.split("\n").map((line) => line.slice(0, 8))).to.deep.equal([
      "att     ",
      "        ",
      "spectrum",
      "        ",
      "",
    ]);
    board.hear(frame("att"));
    board.update();
    const second = tty.take();
    expect(second.startsWith("\x1b[4A\x1b[J")).to.equal(true);
    expect(second).to.include("spectrum  no frame received");
  });

  it("writes what happened above the present", () => {
    const tty = screen(true);
    const board = openBoard(tty);
    board.hear(frame("spectrum"));
    board.update();
    const present = tty.take();
    board.hear(event);
    expect(tty.take())
      .to.match(/^\x1b\[2A\x1b\[J.* spectrum router_lost\n/)
      .and.satisfy((text: string) => text.endsWith(present));
  });

  it("prints the present every five beats elsewhere, without escapes", () => {
    const pipe = screen(false);
    const board = openBoard(pipe);
    const spoke = Array.from({ length: 11 }, (_, i) => {
      board.hear(frame("spectrum"));
      board.update();
      return pipe.take() === "" ? [] : [i];
    });
    expect(spoke.flat()).to.deep.equal([0, 5, 10]);
    board.hear(event);
    expect(pipe.take()).not.to.include("\x1b");
  });
});

describe("wanLines()", () => {
  it("shows state, RTT, delta, load/wanted and why within 80 columns", () => {
    const busy = cycle({
      rttUs: 2_250_500,
      deltaUs: 2_214_100,
      stateDownload: 2,
      stateUpload: 1,
      causeDownload: 5,
      causeDownloadUs: 12_000,
    });
    const lines = wanLines("spectrum", stamped(busy, 1) as CycleFrame);
    expect(lines).to.deep.equal([
      "spectrum  SOFT_RED/YELLOW 2250.5 ms  +2214  ↓ 18.3/240  ↑0.93/18.5 Mbit/s",
      "          ↓ raise: delta 12 ms, load 8 %  ↑ hold: not in full use, load 5 %",
    ]);
    expect(widest(lines.join("\n"))).to.be.at.most(80);
  });
});
