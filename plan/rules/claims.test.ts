import assert from "node:assert/strict";
import type { AddressClaim, Route } from "@isthmus/core";
import { sampleModel } from "../../config/testing.ts";
import { catalogue } from "../catalogue.ts";
import type { ServicePlan } from "../service-plans.ts";
import { siteFacts } from "../site-facts.ts";
import { checkClaims, type PlannedSite } from "./claims.ts";

const model = sampleModel("two-sites", catalogue);
const facts = Object.fromEntries(model.sites.map((site) => [site.name, siteFacts(site, model)]));

function planned(site: string, addresses: readonly AddressClaim[], routes: readonly Route[] = []): PlannedSite {
  const plan: ServicePlan = {
    instance: "app",
    service: "made-up",
    namespace: "app",
    footprint: { workloads: [], routes, addresses, podSecurity: "restricted" },
    privileges: {},
    releases: [],
    objects: [],
    generates: [],
    offers: {},
    exports: {},
    afterwards: [],
    providers: {},
    from: `Pulumi.${site}.yaml#/services/app`,
  };
  return { facts: facts[site]!, services: [plan] };
}

const claim = (site: string, address: string, changes: Partial<AddressClaim> = {}): AddressClaim => ({
  name: "app",
  pool: "private",
  address,
  from: `Pulumi.${site}.yaml#/services/app/address`,
  ...changes,
});
const route = (host: string): Route => ({
  name: "ui",
  host,
  exposure: "private",
  namespace: "app",
  hasLogin: true,
  backend: { service: "app", port: 80, scheme: "http" },
  from: "Pulumi.home.yaml#/services/app/ui/hostName",
});
const told = (...sites: PlannedSite[]): string[] => checkClaims(sites).map(({ rule, at }) => `${rule} ${at}`);

describe("addresses that services hold", () => {
  it("lie in their pool, both ends included", () => {
    for (const address of ["10.0.20.200", "10.0.20.205", "10.0.20.209"])
      assert.deepEqual(told(planned("home", [claim("home", address)])), []);
    for (const address of ["10.0.20.199", "10.0.20.210", "10.1.20.200"]) {
      assert.deepEqual(told(planned("home", [claim("home", address)])), [
        "address-outside-pool Pulumi.home.yaml#/services/app/address",
      ]);
    }
  });

  it("share no port of the cluster's nodes, whatever the network, and may have the same at two sites", () => {
    const ports = (site: string, ...of: readonly number[]): PlannedSite => {
      const { facts, services } = planned(site, []);
      const claims = of.map((port, index) => ({
        name: `app-${index}`,
        network: index === 0 ? ("overlay" as const) : ("site" as const),
        port,
        hostName: `app-${index}.${site}.home.arpa`,
        from: `Pulumi.${site}.yaml#/services/app-${index}/reach/port` as const,
      }));
      return {
        facts,
        services: services.map((plan) => ({ ...plan, footprint: { ...plan.footprint, ports: claims } })),
      };
    };
    assert.deepEqual(told(ports("home", 30010, 30011), ports("cabin", 30010)), []);
    assert.deepEqual(told(ports("home", 30010, 30010)), ["port-twice Pulumi.home.yaml#/services/app-1/reach/port"]);
    const [finding] = checkClaims([ports("home", 30010, 30011, 30010)]);
    assert.match(finding!.fix, /such as 30012$/);
  });

  it("are of a pool that the site has: told at the pool, with those there are", () => {
    const [finding] = checkClaims([planned("home", [claim("home", "10.0.20.200", { pool: "overlay" })])]);
    assert.deepEqual(finding, {
      rule: "unknown-pool",
      at: "Pulumi.home.yaml#/services/app/pool",
      problem: '"overlay" is no pool of home',
      fix: "write one of: private",
    });
  });

  it("have one holder in the whole fleet", () => {
    const twice = [claim("home", "10.0.20.200"), claim("home", "10.0.20.200", { name: "other" })];
    assert.deepEqual(told(planned("home", twice)), ["address-twice Pulumi.home.yaml#/services/app/address"]);
  });
});

describe("names", () => {
  it("lead to one place: routes, addresses and machines of all sites have different ones", () => {
    const named = claim("home", "10.0.20.200", { hostName: "app.home.arpa" });
    const elsewhere = claim("cabin", "10.1.20.200", { hostName: "app.home.arpa" });
    assert.deepEqual(told(planned("home", [named])), []);
    assert.deepEqual(told(planned("home", [named]), planned("cabin", [elsewhere])), [
      "host-name-twice Pulumi.cabin.yaml#/services/app/hostName",
    ]);
    assert.deepEqual(told(planned("home", [named], [route("app.home.arpa")])), [
      "host-name-twice Pulumi.home.yaml#/services/app/ui/hostName",
    ]);
    assert.deepEqual(told(planned("home", [], [route("api.home.home.arpa")])), [
      "host-name-twice Pulumi.home.yaml#/services/app/ui/hostName",
    ]);
    assert.deepEqual(told(planned("home", [], [route("home-2.home.home.arpa")])), [
      "host-name-twice Pulumi.home.yaml#/services/app/ui/hostName",
    ]);
  });
});
