import { expect } from "chai";
import {
  labelText,
  METRIC_NAMES,
  METRICS,
} from "../../../shared/contract/metrics.js";
import { column, field, ROW_FIELDS } from "../../../shared/contract/row.js";
import { STATES } from "../../../shared/contract/state.js";

describe("METRICS", () => {
  it("has the names DATA-05 fixes", () => {
    expect(METRIC_NAMES).to.include.members([
      "wanctl_rtt_ms",
      "wanctl_rtt_baseline_ms",
      "wanctl_rtt_delta_ms",
      "wanctl_rate_download_mbps",
      "wanctl_rate_upload_mbps",
      "wanctl_rate_wanted_download_mbps",
      "wanctl_rate_wanted_upload_mbps",
      "wanctl_state",
      "wanctl_steering_enabled",
    ]);
  });

  it("names each series once", () => {
    const series = METRICS.map(
      ({ name, labels }) => name + String(labelText(labels)),
    );
    expect(new Set(series).size).to.equal(series.length);
  });

  it("takes its factor from the units: µs to ms, kbit/s to Mbit/s", () => {
    for (const { name, unit, from } of METRICS) {
      if (from.kind !== "cycle") continue;
      const stored = field(from.field).unit;
      const expected = {
        µs: ["ms", 1e-3],
        "kbit/s": ["Mbit/s", 1e-3],
        code: ["code", 1],
        count: ["count", 1],
      }[stored];
      expect([unit, from.factor], name).to.deep.equal(expected);
    }
  });
});

describe("STATES", () => {
  it("is encoded 0 GREEN, 1 YELLOW, 2 SOFT_RED, 3 RED (DATA-05)", () => {
    expect(STATES).to.deep.equal(["GREEN", "YELLOW", "SOFT_RED", "RED"]);
  });
});

describe("labelText()", () => {
  it("is canonical: the order of keys does not matter", () => {
    expect(labelText({ b: "2", a: "1" })).to.equal(
      labelText({ a: "1", b: "2" }),
    );
    expect(labelText({})).to.equal(null);
  });
});

describe("column()", () => {
  it("is the field in snake case, each different", () => {
    expect(column("wantedDownloadKbps")).to.equal("wanted_download_kbps");
    expect(new Set(ROW_FIELDS.map(column)).size).to.equal(ROW_FIELDS.length);
  });
});
