import assert from "node:assert/strict";
import { join } from "node:path";
import { fleetOrRefuse } from "../../plan/stack-files.ts";
import { exceptions } from "../../cli/lib/charts/exceptions.ts";
import type { ReleaseFacts } from "../../cli/lib/charts/facts.ts";
import { judge } from "../../cli/lib/charts/judge.ts";
import { readKept, staleFacts } from "../../cli/lib/charts/kept.ts";
import { digestsCarried } from "../../cli/lib/charts/laws/digests-carried.ts";
import { laws } from "../../cli/lib/charts/laws/index.ts";
import { renderedSite } from "../../cli/lib/charts/site.ts";

import { plantedFaults } from "./planted-faults/index.ts";

const root = join(import.meta.dirname, "../..");
const fleet = fleetOrRefuse(root);
const sites = fleet.sites.map((plan) => ({ plan, facts: readKept(root, plan.facts.name) }));

describe("what charts make of the default stacks", () => {
  for (const { plan, facts } of sites) {
    it(`is known as it is today: ${plan.facts.name}`, () => {
      assert.deepEqual(staleFacts(plan, facts), [], "render anew: npm run charts -- --sources FOLDER --pull --write");
    });

    it(`keeps every law: ${plan.facts.name}`, () => {
      const { breaches, idle, releases } = judge(renderedSite(plan, facts), laws, exceptions);
      assert.deepEqual(breaches, []);
      assert.deepEqual(idle, []);
      assert.equal(releases, 11);
    });
  }
});

describe("what is kept of a site", () => {
  const [site] = sites;
  assert.ok(site !== undefined);
  const { plan, facts } = site;

  it("is of yesterday once an object of ours is another one", () => {
    const services = plan.services.map((service) =>
      service.instance === "metallb" ? { ...service, objects: service.objects.slice(1) } : service,
    );
    assert.deepEqual(staleFacts({ ...plan, services }, facts), [
      "metallb: its own objects were never held to the schemas of their kinds as they are",
    ]);
  });

  it("is of yesterday once the cluster has another Kubernetes: other fields are taken", () => {
    const kubernetes = { ...plan.facts.kubernetes, version: "v1.35.1+k3s1" };
    const stale = staleFacts({ ...plan, facts: { ...plan.facts, kubernetes } }, facts);
    assert.equal(stale.length, plan.services.length + facts.releases.size);
    assert.ok(stale.includes("vault: its objects were held to the schema of v1.34.3, and the site has v1.35.1"));
  });

  it("is of yesterday where nobody had held objects to schemas yet", () => {
    const [name, release] = [...facts.releases][0] ?? [];
    assert.ok(name !== undefined && release !== undefined);
    const { judged, ...before } = release;
    assert.equal(judged.kubernetes, "v1.34.3");
    const releases = new Map([...facts.releases, [name, before as ReleaseFacts]]);
    assert.deepEqual(staleFacts(plan, { ...facts, releases }), [
      `${name}: its objects were held to the schema of nothing, and the site has v1.34.3`,
    ]);
  });

  it("is a breach where an object of ours is one that its kind's schema refuses, or that nobody held to it", () => {
    const of = (own: typeof facts.own): string[] =>
      judge(renderedSite(plan, { ...facts, own }), laws, exceptions).breaches.map(({ law, release, at, problem }) =>
        [law, release, at, problem].join(" "),
      );
    const judged = facts.own.get("metallb");
    assert.ok(judged !== undefined);
    const invalid = ["IPAddressPool public: spec.adresses: there is no such field"];
    assert.deepEqual(of(new Map([...facts.own, ["metallb", { ...judged, invalid }]])), [
      "objects-valid metallb IPAddressPool public spec.adresses: there is no such field",
    ]);
    assert.deepEqual(of(new Map([...facts.own].filter(([instance]) => instance !== "metallb"))), [
      "objects-valid metallb objects nobody held them to the schemas of their kinds",
    ]);
  });
});

/** The first site, with one release's facts spoiled. */
function breachesWith(release: string, spoil: (facts: ReleaseFacts) => ReleaseFacts): string[] {
  const [site] = sites;
  assert.ok(site !== undefined);
  const own = site.facts.releases.get(release);
  assert.ok(own !== undefined, `there are facts of ${release}`);
  const spoiled = { ...site.facts, releases: new Map([...site.facts.releases, [release, spoil(own)]]) };
  return judge(renderedSite(site.plan, spoiled), laws, exceptions).breaches.map(
    ({ law, release: at, problem }) => `${law} ${at}: ${problem}`,
  );
}

describe("a fault in what a chart makes", () => {
  for (const [fault, release, spoil, message] of plantedFaults) {
    it(`breaks a law: ${fault}`, () => {
      const found = breachesWith(release, spoil);
      assert.ok(
        found.some((breach) => message.test(breach)),
        found.join("\n") || "no law was broken",
      );
    });
  }

  it("breaks a law: servers that an operator makes of our own object, one too few and of a volume too small", () => {
    const [site] = sites;
    assert.ok(site !== undefined);
    const rendered = renderedSite(site.plan, site.facts);
    const own = rendered.own.map(({ service, facts, ...one }) => ({
      ...one,
      service,
      facts: {
        ...facts,
        pods: facts.pods.map((pods) =>
          pods.name === "main"
            ? { ...pods, replicas: 2, claims: pods.claims.map((claim) => ({ ...claim, size: "19Gi" })) }
            : pods,
        ),
      },
    }));
    assert.deepEqual(
      judge({ ...rendered, own }, laws, exceptions).breaches.map(({ release, at, problem }) => [release, at, problem]),
      [
        ["cloudnative-pg", "operator main: replicas", "it has 2, and the footprint states 3"],
        ["cloudnative-pg", "operator main: storageSize", "its claims have [19456] MiB, and the footprint states 20480"],
      ],
    );
  });

  it("breaks a law: a pinned digest that a release does not carry", () => {
    const [site] = sites;
    assert.ok(site !== undefined);
    const digest = "1".repeat(64);
    const pin = { digest, of: "a speaker", source: "https://quay.io", compared: "never" } as const;
    const law = digestsCarried({ "quay.io/metallb/speaker:v0.16.1": pin });
    assert.deepEqual(law.breaches(renderedSite(site.plan, site.facts)), [
      {
        release: "metallb",
        at: "DaemonSet metallb-speaker",
        problem: `it runs quay.io/metallb/speaker:v0.16.1, whose digest ${digest} is pinned`,
      },
    ]);
  });

  it("breaks each law once at least", () => {
    const broken = new Set(
      plantedFaults.flatMap(([, release, spoil]) => breachesWith(release, spoil).map((breach) => breach.split(" ")[0])),
    );
    assert.deepEqual(
      laws.map(({ id }) => id).filter((id) => !broken.has(id)),
      [],
    );
  });
});
