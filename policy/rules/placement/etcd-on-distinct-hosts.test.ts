import assert from "node:assert/strict";
import fc from "fast-check";
import { unknownMark } from "@isthmus/core";
import { kinds, messages, outcomes } from "../../fixtures/answers.ts";
import { site, spoiled } from "../../fixtures/resources.ts";

import { etcdOnDistinctHosts as rule } from "./etcd-on-distinct-hosts.ts";

const nodes = ["props", "topology", "nodes"];
const server = (index: number, host: string) => ({ name: `server-${index}`, host, role: "server" });
const withServers = (hosts: readonly string[]) =>
  spoiled(
    site,
    nodes,
    hosts.map((host, index) => server(index, host)),
  );

describe("etcd-on-distinct-hosts", () => {
  it("passes three servers on three hosts, whatever agents share them", () => {
    assert.deepEqual(outcomes(rule, site), [{ kind: "pass" }]);
  });

  it("refuses two servers on one host, with what it costs, where to move which, and where that is written", () => {
    assert.deepEqual(outcomes(rule, spoiled(site, [...nodes, 1, "host"], "pve-a-1")), [
      {
        kind: "fail",
        message:
          "site-a: the etcd servers k3s-a-server-1 and k3s-a-server-2 stand on one physical host, pve-a-1; without it, 1 of 3 voters are left: etcd needs 2 and stops",
        fix: "Move k3s-a-server-2 to a host without a server: set nodes.k3s-a-server-2.vm.host to pve-a-2 or pi-a-1.",
        from: "Pulumi.site-a.yaml#/nodes/k3s-a-server-2",
      },
    ]);
  });

  it("says where the quorum holds, and asks for a host where there is none", () => {
    const five = spoiled(withServers(["a", "a", "b", "c", "d"]), ["props", "topology", "hosts"], ["a", "b", "c", "d"]);
    const [found] = outcomes(rule, five);
    assert.ok(found?.kind === "fail");
    assert.match(found.message, /without it, 3 of 5 voters are left: etcd goes on, with nothing to spare/);
    assert.equal(
      found.fix,
      "Add a physical host (hosts) and move server-1 there (nodes.server-1.vm.host), or give one node alone the role server.",
    );
    assert.equal(found.from, "Pulumi.site-a.yaml#");
  });

  it("does not apply to a single server, and says so", () => {
    assert.deepEqual(outcomes(rule, withServers(["a"])), [
      { kind: "not-applicable", reason: "site-a has a single etcd server, server-0" },
    ]);
    assert.deepEqual(outcomes(rule, withServers([])), [
      { kind: "not-applicable", reason: "site-a has no etcd server" },
    ]);
  });

  it("answers for every shared host, and for none where hosts are distinct", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 2, maxLength: 7 }), (hosts) => {
        const shared = new Set(hosts.filter((host, index) => hosts.indexOf(host) !== index));
        assert.equal(messages(outcomes(rule, withServers(hosts))).length, shared.size);
      }),
    );
  });

  it("lets named hosts carry several", () => {
    const shared = withServers(["a", "a", "b", "b"]);
    assert.equal(messages(outcomes(rule, shared, { settings: { sharedHosts: ["a"] } })).length, 1);
    assert.deepEqual(kinds(outcomes(rule, shared, { settings: { sharedHosts: ["a", "b"] } })), ["pass"]);
  });

  it("says unknown of a host that only the deployment knows, and fails facts that it cannot read", () => {
    assert.deepEqual(outcomes(rule, spoiled(site, [...nodes, 0, "host"], unknownMark)), [
      { kind: "unknown", why: "topology.nodes[0].host is known only when it is deployed" },
    ]);
    assert.match(
      messages(outcomes(rule, spoiled(site, nodes, "none")))[0] ?? "",
      /^site-a: the facts of the site cannot be read/,
    );
  });
});
