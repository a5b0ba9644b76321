import assert from "node:assert/strict";
import type { Finding } from "@isthmus/core";
import { standingAlone, withoutMistakes } from "./repair.ts";

const finding = (rule: string, at: Finding["at"]): Finding => ({ rule, at, problem: "p", fix: "m" });
const file = "Pulumi.site-a.yaml" as const;

describe("a site without its mistakes", () => {
  const site = {
    nodes: { a: { address: "10.0.0.1" }, b: { address: "x" } },
    proxmox: { vlam: 20, bridge: "vmbr0" },
    pools: 7,
  };

  it("loses an unknown key alone, of a wrong value the entry, of a wrong section the section", () => {
    const mistakes = [
      finding("schema", `${file}#/nodes/b/address`),
      finding("unknown-key", `${file}#/proxmox/vlam`),
      finding("schema", `${file}#/pools`),
    ];
    assert.deepEqual(withoutMistakes(site, mistakes), {
      nodes: { a: { address: "10.0.0.1" } },
      proxmox: { bridge: "vmbr0" },
    });
    assert.equal(Object.keys(site.nodes).length, 2, "what was read stays as it is");
  });

  it("is told what it is wrong with whatever was taken out, and nothing that taking out made wrong", () => {
    const twice = finding("address-twice", `${file}#/nodes/a/address`);
    const even = finding("even-etcd-servers", `${file}#/nodes`);
    const outside = finding("address-outside-network", `${file}#/nodes/a/address`);
    const ofNode = finding("schema", `${file}#/nodes/b/address`);
    const ofNetwork = finding("schema", `${file}#/networks/apps/cidr`);
    assert.deepEqual(standingAlone([twice, even, outside], [ofNode]), [twice, outside]);
    assert.deepEqual(standingAlone([twice, even, outside], [ofNode, ofNetwork]), [twice]);
  });
});
