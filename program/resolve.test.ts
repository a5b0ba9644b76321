import assert from "node:assert/strict";
import { fromPeer, generated, secret, sitesNeeded, sitesWanted, whenLinked } from "@isthmus/core";
import { resolve, type Values } from "./resolve.ts";

const linkedTo = (sites: readonly string[]): Values => ({
  secret: (name) => `secret:${name}`,
  generated: (name, part) => `${part}:${name}`,
  peer: (site, output) => (sites.includes(site) ? `${site}:${output}` : undefined),
});

describe("references in a plan", () => {
  const data = {
    plain: [1, "two", null, { three: true }],
    stringData: { user: secret("user"), password: generated("root", "password") },
    endpoint: fromPeer("site-b", "objectStore.endpoint"),
    plugins: whenLinked("site-b", [{ name: "barman", ca: fromPeer("site-b", "objectStore.ca") }]),
    list: ["a", whenLinked("site-c", "b"), "c"],
  };

  it("are replaced wherever they stand, and nothing else is", () => {
    assert.deepEqual(resolve(data, linkedTo(["site-b", "site-c"])), {
      plain: [1, "two", null, { three: true }],
      stringData: { user: "secret:user", password: "password:root" },
      endpoint: "site-b:objectStore.endpoint",
      plugins: [{ name: "barman", ca: "site-b:objectStore.ca" }],
      list: ["a", "b", "c"],
    });
  });

  it("leave out what waits for a site that is not linked: a key of a map, an item of a list", () => {
    const resolved = resolve(data, linkedTo([])) as Record<string, unknown>;
    assert.equal("plugins" in resolved, false);
    assert.deepEqual(resolved["list"], ["a", "c"]);
  });

  it("leave out what a linked site does not offer, where it can be done without", () => {
    const values: Values = { ...linkedTo([]), peer: (site, output) => (output === "site" ? site : undefined) };
    const optional = { domain: "b", ca: whenLinked("site-b", fromPeer("site-b", "secretStore.ca")) };
    assert.deepEqual(resolve(optional, values), { domain: "b" });
  });

  it("say which sites an object cannot do without, and which only add to it", () => {
    assert.deepEqual(sitesNeeded(data), ["site-b"]);
    assert.deepEqual(sitesNeeded({ plugins: data.plugins }), []);
    assert.deepEqual(sitesWanted(data), ["site-b", "site-c"]);
  });
});
