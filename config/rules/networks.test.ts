import assert from "node:assert/strict";
import { canonicalCidr, cidrRange, fromNumber } from "@isthmus/core";
import fc from "fast-check";
import { catalogue } from "../../plan/catalogue.ts";
import type { Model } from "../load.ts";
import { sampleModel } from "../testing.ts";
import { checkNetworks } from "./networks.ts";

const model = sampleModel("two-sites", catalogue);

/** The two sites with these networks for pods and services of each. */
const withCluster = (home: string, cabin: string): Model => ({
  ...model,
  sites: model.sites.map((site) => ({
    ...site,
    kubernetes: { ...site.kubernetes, clusterCidr: site.name === "home" ? home : cabin },
  })),
});
const rules = (changed: Model): string[] => checkNetworks(changed).map(({ rule, at }) => `${rule} ${at}`);

describe("networks", () => {
  it("inside the clusters of two sites may be the same, those around them not", () => {
    assert.deepEqual(rules(withCluster("10.42.0.0/16", "10.42.0.0/16")), []);
    assert.deepEqual(rules(withCluster("10.1.0.0/16", "10.42.0.0/16")), [
      "cidr-overlap Pulumi.home.yaml#/kubernetes/clusterCidr",
    ]);
    assert.deepEqual(rules(withCluster("10.147.0.0/16", "10.42.0.0/16")), [
      "cidr-overlap Pulumi.home.yaml#/kubernetes/clusterCidr",
    ]);
  });

  it("are told to overlap exactly where an address is in both", () => {
    const cidr = fc
      .record({ address: fc.integer({ min: 0, max: 0xff }), bits: fc.integer({ min: 24, max: 32 }) })
      .map(({ address, bits }) => canonicalCidr(`10.0.20.${address}/${bits}`));
    fc.assert(
      fc.property(cidr, cidr, (one, two) => {
        const [home] = model.sites;
        const network = (text: string) => ({
          cidr: text,
          gateway: fromNumber(cidrRange(text).first + 1),
          dns: ["10.0.20.1"],
        });
        const changed: Model = { ...model, sites: [{ ...home!, networks: { one: network(one), two: network(two) } }] };
        const told = rules(changed).includes("cidr-overlap Pulumi.home.yaml#/networks/two/cidr");
        const [a, b] = [cidrRange(one), cidrRange(two)];
        const shared = Array.from({ length: 256 }, (_, n) => cidrRange("10.0.20.0/24").first + n).some(
          (n) => a.first <= n && n <= a.last && b.first <= n && n <= b.last,
        );
        assert.equal(told, shared, `${one} and ${two}`);
      }),
    );
  });
});
