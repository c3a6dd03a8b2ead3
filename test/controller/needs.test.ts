import { expect } from "chai";
import { demandTools } from "../../controller/needs.js";
import { Failure } from "../../shared/failure.js";
import { openStandIns } from "../fakes/stand-in.js";

describe("demandTools()", () => {
  const demand = () => demandTools("tc");

  it("asks for neither tc nor the right to use it where a router shapes", () => {
    using programs = openStandIns();
    programs.alone();
    programs.program("fping", "exit 0");
    expect(() => demandTools("routeros")).not.to.throw();
  });

  it("names the program that is missing, and where to get it", () => {
    using programs = openStandIns();
    programs.alone();
    expect(demand).to.throw(
      Failure,
      "'fping' must be on the PATH: install fping",
    );
    programs.program("fping", "exit 0");
    expect(demand).to.throw(
      Failure,
      "'tc' must be on the PATH: install iproute2",
    );
  });

  it("says what to do about an fping that may not ping", () => {
    using programs = openStandIns();
    programs.program("tc", "exit 0");
    programs.program(
      "fping",
      `[ "$1" = -V ] && exit 0; echo "fping: can't create socket" >&2; exit 4`,
    );
    expect(demand).to.throw(
      Failure,
      /got 'fping: can't create socket': give it CAP_NET_RAW/,
    );
  });

  it("does not mind a line that is away", () => {
    using programs = openStandIns();
    programs.program("tc", "exit 0");
    programs.program("fping", "exit 1");
    const isRoot = process.getuid?.() === 0;
    if (isRoot) expect(demand).not.to.throw();
    else expect(demand).to.throw(Failure, "CAP_NET_ADMIN");
  });
});
