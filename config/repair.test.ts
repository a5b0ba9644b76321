import assert from "node:assert/strict";
import { byId, ruleTable, type Finding, type RuleId } from "@isthmus/core";
import { schemaRule, unknownKeyRule } from "./shape-rules.ts";
import { standingAlone, withoutMistakes } from "./repair.ts";

const finding = (rule: RuleId, at: Finding["at"]): Finding => ({ rule, at, problem: "p", fix: "m" });
const file = "Pulumi.site-a.yaml" as const;

describe("a site without its mistakes", () => {
  const site = {
    nodes: { a: { address: "10.0.0.1" }, b: { address: "x" } },
    proxmox: { vlam: 20, bridge: "vmbr0" },
    pools: 7,
  };

  it("loses an unknown key alone, of a wrong value the entry, of a wrong section the section", () => {
    const mistakes = [
      finding(schemaRule.id, `${file}#/nodes/b/address`),
      finding(unknownKeyRule.id, `${file}#/proxmox/vlam`),
      finding(schemaRule.id, `${file}#/pools`),
    ];
    assert.deepEqual(withoutMistakes(site, mistakes), {
      nodes: { a: { address: "10.0.0.1" } },
      proxmox: { bridge: "vmbr0" },
    });
    assert.equal(Object.keys(site.nodes).length, 2, "what was read stays as it is");
  });

  it("is told what it is wrong with whatever was taken out, and nothing that taking out made wrong", () => {
    const { defineRule, rules } = ruleTable("test");
    const common = { severity: "low", summary: "s", fix: "f", docs: "d" } as const;
    const always = finding(defineRule({ ...common, id: "always", needsWhole: [] }).id, `${file}#/nodes/a/address`);
    const whole = finding(defineRule({ ...common, id: "whole" }).id, `${file}#/nodes`);
    const ofNetworks = defineRule({ ...common, id: "of-networks", needsWhole: ["pools", "networks"] });
    const outside = finding(ofNetworks.id, `${file}#/nodes/a/address`);
    const inNode = finding(schemaRule.id, `${file}#/nodes/b/address`);
    const inNetwork = finding(schemaRule.id, `${file}#/networks/apps/cidr`);
    const told = (mistakes: readonly Finding[]): readonly Finding[] =>
      standingAlone([always, whole, outside], mistakes, byId(rules));
    assert.deepEqual(told([inNode]), [always, outside]);
    assert.deepEqual(told([inNode, inNetwork]), [always]);
  });
});
