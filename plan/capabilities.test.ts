import assert from "node:assert/strict";
import { capabilityNames, type CapabilityName } from "@isthmus/core";
import fc from "fast-check";
import type { ConfiguredService, SiteModel } from "../config/load.ts";
import { sampleModel } from "../config/testing.ts";
import { compose, needsOf } from "./capabilities.ts";
import { catalogue } from "./catalogue.ts";
import { madeUp } from "./testing.ts";

const home = sampleModel("three-raspberry-pis", catalogue).sites[0]!;
const siteWith = (...services: ConfiguredService[]): SiteModel => ({ ...home, services });
const names = (services: readonly ConfiguredService[]): string[] => services.map(({ instance }) => instance);

describe("the composition of services", () => {
  it("puts providers before those that use them, whatever the order in the file", () => {
    const app = madeUp({ name: "app", requires: ["postgres", "ingress/private"] });
    const database = madeUp({ name: "database", requires: ["volumes"], provides: ["postgres"] });
    const disks = madeUp({ name: "disks", provides: ["volumes"] });
    const proxy = madeUp({ name: "proxy", provides: ["ingress/private"] });
    const { ordered, providers, findings } = compose(siteWith(app, database, disks, proxy));
    assert.deepEqual(findings, []);
    assert.deepEqual(names(ordered), ["disks", "proxy", "database", "app"]);
    assert.deepEqual(providers["app"], { postgres: "database", "ingress/private": "proxy" });
  });

  it("takes what is only wanted where somebody provides it, and goes without otherwise", () => {
    const disks = madeUp({ name: "disks", wants: ["backupStore"], provides: ["volumes"] });
    const store = madeUp({ name: "store", provides: ["backupStore"] });
    assert.deepEqual(compose(siteWith(disks)).findings, []);
    assert.deepEqual(names(compose(siteWith(disks, store)).ordered), ["store", "disks"]);
  });

  it("tells a missing capability once, and leaves out whatever needs that service", () => {
    const app = madeUp({ name: "app", requires: ["postgres"] });
    const database = madeUp({ name: "database", requires: ["volumes"], provides: ["postgres"] });
    const other = madeUp({ name: "other" });
    const { ordered, findings } = compose(siteWith(app, database, other));
    assert.deepEqual(names(ordered), ["other"]);
    assert.deepEqual(findings, [
      {
        rule: "capability-missing",
        at: "Pulumi.home.yaml#/services/database",
        problem: 'database requires "volumes", and no service of home provides it',
        fix: "add a service that does: longhorn",
      },
    ]);
  });

  it("tells a capability that two provide at the second", () => {
    const { findings } = compose(
      siteWith(madeUp({ name: "one", provides: ["metrics"] }), madeUp({ name: "two", provides: ["metrics"] })),
    );
    assert.deepEqual(
      findings.map(({ rule, at, problem }) => ({ rule, at, problem })),
      [
        {
          rule: "capability-twice",
          at: "Pulumi.home.yaml#/services/two",
          problem: '"metrics" is provided by two and by one',
        },
      ],
    );
  });

  it("tells services that wait for one another", () => {
    const chicken = madeUp({ name: "chicken", requires: ["objectStore"], provides: ["volumes"] });
    const egg = madeUp({ name: "egg", requires: ["volumes"], provides: ["objectStore"] });
    const cook = madeUp({ name: "cook", requires: ["objectStore"] });
    const { ordered, findings } = compose(siteWith(cook, chicken, egg));
    assert.deepEqual(ordered, []);
    assert.deepEqual(
      findings.map(({ rule, at, problem }) => ({ rule, at, problem })),
      [
        {
          rule: "capability-cycle",
          at: "Pulumi.home.yaml#/services/chicken",
          problem: "services wait for one another: chicken needs egg, egg needs chicken",
        },
      ],
    );
  });

  it("never lets a service be its own provider", () => {
    const { findings } = compose(siteWith(madeUp({ name: "one", requires: ["metrics"], provides: ["metrics"] })));
    assert.deepEqual(
      findings.map(({ rule }) => rule),
      ["capability-missing"],
    );
  });

  it("orders whatever can be ordered: each after its providers, and tells of every other", () => {
    const some = fc.subarray<CapabilityName>([...capabilityNames], { maxLength: 2 });
    const services = fc.array(fc.record({ requires: some, wants: some, provides: some }), { maxLength: 8 });
    fc.assert(
      fc.property(services, (facts) => {
        const all = facts.map((each, index) => madeUp({ name: `s${index}`, ...each }));
        const { ordered, providers, findings } = compose(siteWith(...all));
        const place = new Map(names(ordered).map((name, index) => [name, index]));
        for (const [name, index] of place) {
          for (const provider of Object.values(providers[name] ?? {}))
            assert.ok((place.get(provider) ?? Infinity) < index);
        }
        if (ordered.length < all.length) assert.notDeepEqual(findings, []);
      }),
    );
  });
});

describe("what a service is told of others", () => {
  const facts = { secrets: { address: "https://vault.example:8200" } };
  const needs = needsOf({ secrets: "vault" }, new Map([["vault", facts]]));

  it("are the facts of its providers", () => {
    assert.deepEqual(needs.get("secrets"), facts.secrets);
    assert.equal(needs.find("volumes"), undefined);
  });

  it("is nothing that it does not require: asking is a bug", () => {
    assert.throws(() => needs.get("volumes"), /asks for volumes, which it does not require/);
  });
});
