import { expect } from "chai";
import fc from "fast-check";
import type { Host } from "../../../controller/qdisc/parse.js";
import {
  type Plan,
  planDown,
  planUp,
  type PlanStep,
} from "../../../controller/qdisc/plan.js";
import {
  anyHost,
  anyQueue,
  builtHost,
  cakeRoot,
  cleanHost,
  device,
  foreignRoot,
  kernelRoot,
  wantedWith,
} from "./hosts.js";
import { execute } from "./kernel-model.js";

const stepsOf = (plan: Plan): readonly PlanStep[] => {
  if (plan.kind === "refused") throw new Error(plan.reasons.join());
  return plan.steps;
};

const after = (host: Host, steps: readonly PlanStep[]): Host =>
  steps.reduce((before, { run }) => execute(before, run), host);

const wanted = wantedWith();

describe("the plan of the queues", () => {
  it("is right at once: every host, once up, needs nothing more", () =>
    fc.assert(
      fc.property(anyHost, anyQueue, (host, queue) => {
        const wish = wantedWith(queue);
        const built = after(host, stepsOf(planUp(wish, host, true)));
        expect(stepsOf(planUp(wish, built, false))).to.deep.equal([]);
      }),
      { numRuns: 1000 },
    ));

  it("leaves nothing behind: down after up is the host as it was", () =>
    fc.assert(
      fc.property(cleanHost, anyQueue, (host, queue) => {
        const wish = wantedWith(queue);
        const built = after(host, stepsOf(planUp(wish, host, false)));
        const left = after(built, planDown(built));
        expect(bare(left)).to.deep.equal(bare(host));
        expect(planDown(left)).to.deep.equal([]);
      }),
    ));

  it("can be taken back after any step", () =>
    fc.assert(
      fc.property(cleanHost, fc.nat(12), (host, failing) => {
        const done = stepsOf(planUp(wanted, host, false)).slice(0, failing);
        const left = done
          .toReversed()
          .flatMap(({ undo }) => undo ?? [])
          .reduce(execute, after(host, done));
        expect(facts(left)).to.deep.equal(facts(host));
      }),
    ));

  it("touches nothing foreign, neither up without force nor down", () =>
    fc.assert(
      fc.property(anyHost, (host) => {
        const up = planUp(wanted, host, false);
        if (up.kind === "steps")
          expect(foreignIn(after(host, up.steps))).to.deep.equal(
            foreignIn(host),
          );
        const down = after(host, planDown(host));
        expect(foreignIn(down)).to.deep.equal(foreignIn(host));
      }),
      { numRuns: 1000 },
    ));

  it("says what is in the way", () => {
    const host = builtHost();
    const taken: Host = {
      ...host,
      devices: {
        upload: device("wan", {
          root: foreignRoot,
          ingress: { kind: "clsact", filters: [] },
        }),
        download: device("ifb4wan", { root: foreignRoot }),
      },
    };
    expect(planUp(wanted, taken, false)).to.deep.equal({
      kind: "refused",
      reasons: [
        "wan: its root qdisc fq_codel 8001: is not wanctl's (--force replaces it)",
        "ifb4wan: its root qdisc fq_codel 8001: is not wanctl's (--force replaces it)",
        "wan: its ingress is not wanctl's (--force replaces it)",
      ],
    });
    const gone = { ...host, devices: { ...host.devices, upload: null } };
    expect(planUp(wanted, gone, true)).to.deep.equal({
      kind: "refused",
      reasons: ["wan: no such device"],
    });
  });

  it("makes again what differs, at the rate that is enforced", () => {
    const host = builtHost();
    const other = { ...wanted.queue, link: "ethernet" as const };
    const root = { ...cakeRoot("upload", other), bps: 7e6 };
    const steps = stepsOf(
      planUp(
        wanted,
        {
          ...host,
          devices: {
            ...host.devices,
            upload: { ...host.devices.upload!, root },
          },
        },
        false,
      ),
    );
    expect(steps.map(({ run }) => run)).to.deep.equal([
      "tc qdisc del dev wan root",
      "tc qdisc add dev wan root handle ca4e: cake bandwidth 7000kbit besteffort dual-srchost nat nowash no-ack-filter split-gso egress rtt 100ms noatm overhead 18 mpu 64",
    ]);
  });

  it("needs no redirect for a download shaped on the LAN's device", () => {
    const host = builtHost();
    const lan = device("ifb4wan", { isIfb: false });
    const wan = device("wan");
    const steps = stepsOf(
      planUp(
        wanted,
        { ...host, devices: { upload: wan, download: lan } },
        false,
      ),
    );
    expect(steps).to.have.length(2);
    for (const { run } of steps) expect(run).to.include(" cake ");
  });
});

/** A host without the names of its kernel's own qdiscs, which down cannot bring back, and an ifb up or down. */
const bare = (host: Host): unknown => ({
  upload: { ...host.devices.upload, root: kernelRoot() },
  download: host.devices.download && { ...host.devices.download, isUp: true },
});

const facts = ({ devices }: Host): unknown => ({
  upload: { ...devices.upload, root: kernelRoot() },
  download: devices.download,
});

/** What is somebody else's: roots, filters, a clsact, an ifb made by hand. */
const foreignIn = ({ devices: { upload, download } }: Host): unknown => [
  [upload, download].map((one) =>
    one?.root.owner === "foreign" ? one.root : null,
  ),
  upload?.ingress?.kind === "clsact",
  upload?.ingress?.filters.filter(({ preference }) => preference !== 0xca4e) ??
    [],
  download !== null && !download.isOurs && download.name,
];
