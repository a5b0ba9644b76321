import assert from "node:assert/strict";
import { fromNumber, toNumber } from "@isthmus/core";
import fc from "fast-check";
import { catalogue } from "../../plan/catalogue.ts";
import type { Model, SiteModel } from "../load.ts";
import { sampleModel } from "../testing.ts";
import { checkAddresses, clashes, type Held } from "./addresses.ts";

const model = sampleModel("two-sites", catalogue);
const withHome = (change: (home: SiteModel) => SiteModel): Model => ({
  ...model,
  sites: model.sites.map((site) => (site.name === "home" ? change(site) : site)),
});

const held = fc.record({ first: fc.nat(60), length: fc.nat(8) });

describe("addresses that are held twice", () => {
  it("are those that comparing every pair finds, each told at the later one", () => {
    fc.assert(
      fc.property(fc.array(held, { maxLength: 12 }), (ranges) => {
        const all = ranges.map(({ first, length }, index): Held => {
          const range = { first, last: first + length };
          return { what: `holder ${index}`, range, text: `${first}-${first + length}`, at: `f#/${index}` };
        });
        const byPairs = all.flatMap((a, index) =>
          all
            .slice(index + 1)
            .filter((b) => Array.from({ length: 80 }, (_, n) => n).some((n) => inside(n, a) && inside(n, b)))
            .map((b) => `${a.what} before ${b.at}`),
        );
        const told = clashes(all).map(
          ({ at, problem }) => `${/also held by (holder \d+)/.exec(problem)?.[1] ?? ""} before ${at}`,
        );
        assert.deepEqual(told.sort(), byPairs.sort());
      }),
    );
  });
});

const inside = (number: number, { range }: Held): boolean => range.first <= number && number <= range.last;

describe("addresses of nodes", () => {
  it("are accepted exactly inside their network, without its first and its last address", () => {
    const around = fc.integer({ min: toNumber("10.0.19.250"), max: toNumber("10.0.21.5") });
    fc.assert(
      fc.property(around, (number) => {
        const address = fromNumber(number);
        const changed = withHome((home) => ({
          ...home,
          nodes: { ...home.nodes, "home-2": { ...home.nodes["home-2"]!, address } },
        }));
        const outside = checkAddresses(changed).filter(({ rule }) => rule === "address-outside-network");
        const isInside = number > toNumber("10.0.20.0") && number < toNumber("10.0.20.255");
        assert.equal(outside.length === 0, isInside, address);
      }),
    );
  });

  it("may be those of another site's network only with that network", () => {
    const changed = withHome((home) => ({
      ...home,
      nodes: { ...home.nodes, "home-2": { ...home.nodes["home-2"]!, address: "10.1.20.99" } },
    }));
    assert.deepEqual(
      checkAddresses(changed).map(({ rule, at }) => ({ rule, at })),
      [{ rule: "address-outside-network", at: "Pulumi.home.yaml#/nodes/home-2/address" }],
    );
  });
});

describe("the API's address", () => {
  it("is nobody's but its own, unless it is external", () => {
    const api = (address: string, kind: "kube-vip" | "external") =>
      checkAddresses(
        withHome((home) => ({ ...home, kubernetes: { ...home.kubernetes, api: apiOf(home, kind, address) } })),
      ).map(({ rule }) => rule);
    assert.deepEqual(api("10.0.20.5", "kube-vip"), []);
    assert.deepEqual(api("10.0.20.11", "kube-vip"), ["address-twice"]);
    assert.deepEqual(api("10.0.20.203", "kube-vip"), ["address-twice"]);
    assert.deepEqual(api("203.0.113.7", "kube-vip"), ["address-outside-network"]);
    assert.deepEqual(api("203.0.113.7", "external"), []);
    assert.deepEqual(api("k3s.example.com", "external"), []);
  });
});

function apiOf(
  { kubernetes: { api } }: SiteModel,
  kind: "kube-vip" | "external",
  address: string,
): SiteModel["kubernetes"]["api"] {
  return kind === "external" || api.kind === "external" ? { kind: "external", address } : { ...api, address };
}
