import assert from "node:assert/strict";
import { unknownMark } from "@isthmus/core";
import { kinds, messages, outcomes } from "../../fixtures/answers.ts";
import { service, site, spoiled } from "../../fixtures/resources.ts";

import { storedDataBackedUp as rule } from "./stored-data-backed-up.ts";

const backup = (workload: number) => ["props", "footprint", "workloads", workload, "stores", "backup"];
const reason = (text: unknown) => outcomes(rule, spoiled(service, [...backup(2), "none"], text));

describe("stored-data-backed-up", () => {
  it("passes a backup and a reason for none", () => {
    assert.deepEqual(kinds(outcomes(rule, service)), ["pass", "pass"]);
  });

  it("judges every volume of a workload, not only the first kind", () => {
    const also = (backup: unknown) =>
      spoiled(service, ["props", "footprint", "workloads", 2, "storesAlso"], [{ what: "a log", size: "5Gi", backup }]);
    assert.deepEqual(messages(outcomes(rule, also(undefined))), [
      "shop/cache stores a log, and nothing says what backs it up",
    ]);
    assert.deepEqual(messages(outcomes(rule, also({ none: "it is shipped elsewhere" }))), []);
  });

  it("refuses data of which nothing is said", () => {
    assert.deepEqual(outcomes(rule, spoiled(service, backup(1), undefined), { others: [site] })[0], {
      kind: "fail",
      message: "shop/orders stores orders, and nothing says what backs it up",
      fix: "State `backup` as {by, to, every}, or as {none: the reason}.",
      from: "Pulumi.site-a.yaml#/services/shop",
    });
  });

  for (const key of ["by", "to", "every"]) {
    it(`refuses a backup without ${key}`, () => {
      for (const nothing of [undefined, " "]) {
        assert.deepEqual(messages(outcomes(rule, spoiled(service, [...backup(1), key], nothing))), [
          `the backup of shop/orders does not say: ${key}`,
        ]);
      }
    });
  }

  it("refuses a rhythm that is no span of time", () => {
    assert.deepEqual(messages(outcomes(rule, spoiled(service, [...backup(1), "every"], "often"))), [
      'the backup of shop/orders is made every "often", which is no span of time',
    ]);
  });

  it("refuses a reason that is none", () => {
    const said = (fault: string) => [`shop/cache stores sessions without a backup and ${fault}`];
    assert.deepEqual(messages(reason("")), said("does not say why"));
    assert.deepEqual(messages(reason(null)), said("does not say why"));
    assert.deepEqual(messages(reason("no need")), said('gives no reason: "no need"'));
    assert.deepEqual(messages(reason("TODO: think about it")), said('puts the reason off: "TODO: think about it"'));
    assert.deepEqual(messages(reason("not backed up for now")), said('puts the reason off: "not backed up for now"'));
    assert.deepEqual(messages(reason("rebuilt from metrics")), []);
    assert.deepEqual(messages(reason("the todoist export is elsewhere")), []);
  });

  it("takes other placeholders and another length", () => {
    const settings = { placeholders: ["people"], wordsOfReason: 1 };
    assert.equal(messages(outcomes(rule, service, { settings })).length, 1);
    assert.equal(messages(outcomes(rule, service, { settings: { wordsOfReason: 5 } })).length, 1);
  });

  it("does not apply where nothing is stored", () => {
    assert.deepEqual(outcomes(rule, spoiled(service, ["props", "footprint", "workloads"], [{ name: "front" }])), [
      { kind: "not-applicable", reason: "shop stores nothing" },
    ]);
  });

  it("says unknown of what only the deployment knows", () => {
    const at = (path: readonly (string | number)[]) => kinds(outcomes(rule, spoiled(service, path, unknownMark)));
    assert.deepEqual(at(["props", "footprint"]), ["unknown"]);
    assert.deepEqual(at(["props", "footprint", "workloads", 1, "stores"]), ["unknown", "pass"]);
    assert.deepEqual(at(backup(1)), ["unknown", "pass"]);
    assert.deepEqual(at([...backup(1), "to"]), ["unknown", "pass"]);
    assert.deepEqual(at([...backup(2), "none"]), ["pass", "unknown"]);
  });
});
