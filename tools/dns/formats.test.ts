import assert from "node:assert/strict";
import { renderDns } from "./formats.ts";

const records = [
  { name: "api.site-a.home.arpa", type: "A" as const, value: "10.0.20.5", ttl: 60 },
  { name: "grafana.example.com", type: "A" as const, value: "10.0.20.200", ttl: 60 },
  { name: "vault.site-a.home.arpa", type: "A" as const, value: "10.0.20.5", ttl: 60 },
];
const file = (name: string): string => renderDns(records, "home.arpa").find((one) => one.file === name)?.content ?? "";

describe("DNS records as files", () => {
  it("are a zone, with names of other zones as comments", () => {
    const lines = file("zone").split("\n");
    assert.equal(lines[0], "$ORIGIN home.arpa.");
    assert.ok(lines.includes("api.site-a.home.arpa.\t60\tIN\tA\t10.0.20.5"));
    assert.ok(lines.includes("; in another zone: grafana.example.com. 60 IN A 10.0.20.200"));
    assert.equal(lines.filter((line) => line.includes("\tSOA\t")).length, 1);
  });

  it("have a serial that changes with the records and only with them", () => {
    const serialOf = (of: typeof records): string =>
      /\( (\d+) /.exec(renderDns(of, "home.arpa")[0]?.content ?? "")?.[1] ?? "";
    assert.equal(serialOf(records), serialOf([...records]));
    assert.notEqual(serialOf(records), serialOf(records.slice(1)));
    assert.ok(Number(serialOf(records)) < 2 ** 31);
  });

  it("are a hosts file with one line an address", () => {
    assert.equal(
      file("hosts"),
      "10.0.20.5\tapi.site-a.home.arpa vault.site-a.home.arpa\n10.0.20.200\tgrafana.example.com\n",
    );
  });
});
