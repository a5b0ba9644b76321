import assert from "node:assert/strict";
import { renderDns } from "./formats.ts";
import { serialOf } from "./serial.ts";

const records = [
  { name: "api.site-a.home.arpa", type: "A" as const, value: "10.0.20.5", ttl: 60 },
  { name: "grafana.example.com", type: "A" as const, value: "10.0.20.200", ttl: 60 },
  { name: "vault.site-a.home.arpa", type: "A" as const, value: "10.0.20.5", ttl: 60 },
];
const domain = "home.arpa";
const file = (name: string, of = records, before?: string): string =>
  renderDns(of, { domain, before }).find((one) => one.file === name)?.content ?? "";

describe("DNS records as files", () => {
  it("are a zone, with names of other zones as comments", () => {
    const lines = file("zone").split("\n");
    assert.equal(lines[0], "$ORIGIN home.arpa.");
    assert.ok(lines.includes("api.site-a.home.arpa.\t60\tIN\tA\t10.0.20.5"));
    assert.ok(lines.includes("; in another zone: grafana.example.com. 60 IN A 10.0.20.200"));
    assert.equal(lines.filter((line) => line.includes("\tSOA\t")).length, 1);
  });

  it("have a serial that changes with the records and only with them", () => {
    assert.equal(serialOf(file("zone")), serialOf(file("zone", [...records])));
    assert.notEqual(serialOf(file("zone")), serialOf(file("zone", records.slice(1))));
  });

  it("have a serial that grows by one with each change of the file that they take the place of", () => {
    const before = file("zone").replace(/\( \d+ /, "( 41 ");
    assert.equal(file("zone", records, before), before);
    assert.equal(serialOf(file("zone", records.slice(1), before)), 42);
    const last = before.replace("( 41 ", `( ${2 ** 31 - 1} `);
    // RFC 1982: from the last serial of half of the room, the first is not later. Nobody gets there.
    assert.equal(serialOf(file("zone", records.slice(1), last)), 1);
  });

  it("are a hosts file with one line an address", () => {
    assert.equal(
      file("hosts"),
      "10.0.20.5\tapi.site-a.home.arpa vault.site-a.home.arpa\n10.0.20.200\tgrafana.example.com\n",
    );
  });
});
