import assert from "node:assert/strict";
import { byId, ruleTable } from "./finding.ts";

const facts = (id: string) => ({ id, severity: "low", summary: "s", fix: "f", docs: "d" }) as const;

describe("rules", () => {
  it("are in their package's table once they are defined, with where they are from", () => {
    const { defineRule, rules } = ruleTable("fruit");
    const apple = defineRule(facts("apple"));
    const pear = defineRule({ ...facts("pear"), needsWhole: ["nodes"] });
    assert.deepEqual(rules, [apple, pear]);
    assert.deepEqual(pear, { ...facts("pear"), needsWhole: ["nodes"], from: "fruit" });
  });

  it("have ids of their own, in a package and in all of them", () => {
    const { defineRule, rules } = ruleTable("fruit");
    defineRule(facts("apple"));
    assert.throws(() => defineRule(facts("apple")), /two rules are called apple: of fruit and of fruit/);
    assert.equal(rules.length, 1);
    const other = ruleTable("trees");
    other.defineRule(facts("apple"));
    assert.throws(() => byId([...rules, ...other.rules]), /two rules are called apple: of fruit and of trees/);
    assert.deepEqual([...byId(rules).keys()], ["apple"]);
  });
});
