import assert from "node:assert/strict";
import { assess } from "../answer/assess.ts";
import * as sample from "../testing.ts";
import { risksOf } from "./digest.ts";
import { whenText } from "./failures.ts";
import { overviewOf } from "./overview.ts";
import { relativeTo } from "./relative.ts";

const topology = sample.twoSites;
const both = ["a", "b"] as const;
const local = (site: string) => sample.workload({ members: { perSite: { [site]: 1 } }, stores: sample.localDisk });
const voters = (site: string) => sample.vault({ [site]: 3 });
const services = [
  ...both.map((site) => sample.service(`${site}/vault`, voters(site))),
  sample.service("a/local", local("a")),
];
const assessments = assess({ topology, services });
const brief = (all: ReturnType<typeof risksOf>) =>
  all.map(({ severity, services: names, when }) => `${severity}: ${names.join(", ")}: ${when}`);

describe("what failures do, worst first", () => {
  it("says once what sites, failures and services have in common, and names the site where only one is meant", () => {
    assert.deepEqual(brief(risksOf(assessments, topology)), [
      "manual action: local: losing any node or host of a",
      "manual action: vault, kubernetes: losing a or b",
      "manual action: local: losing a",
      "manual action: vault: a power cut everywhere",
      "down: local: a power cut everywhere",
      "down: kubernetes: a power cut everywhere",
      "degraded: vault: losing any node or host",
      "degraded: kubernetes: losing any server or its host",
    ]);
  });

  it("tells steps for all of them first, whose they are alone by service, and what each may lose", () => {
    const lost = risksOf(assessments, topology).find(({ when }) => when === "losing a or b");
    assert.deepEqual(lost?.steps, [
      { step: "bring the site back: power, then its uplink" },
      { step: "unseal each Vault member: vault operator unseal", services: ["vault"] },
    ]);
    assert.deepEqual(lost.data, [
      {
        service: "vault",
        what: "secrets: all of it if the site's disks are gone for good (no backup: a test)",
      },
      {
        service: "kubernetes",
        what: "the cluster's state: all of it if the site's disks are gone for good (no backup: nothing states where snapshots of etcd go)",
      },
    ]);
  });

  it("counts in a line for each kind of failure what the worst of it does", () => {
    assert.deepEqual(
      overviewOf(assessments).map(({ lost, worst, text }) => [lost, worst, text]),
      [
        ["any node", "manual action", "1 needs manual action, 2 degraded, 2 unaffected"],
        ["any host", "manual action", "1 needs manual action, 2 degraded, 2 unaffected"],
        ["any site", "manual action", "3 need manual action, 2 unaffected"],
        ["the link between the sites", "unaffected", "all unaffected"],
        ["power everywhere", "manual action", "2 need manual action, 3 down for up to 3 min"],
      ],
    );
  });
});

describe("a failure in words", () => {
  it("names nodes and hosts where a role does not say which they are, and sites where not all are meant", () => {
    const host = (site: string, number: number) => sample.lostHost(`${site}-agent-${number}-host`, site);
    assert.equal(whenText([host("a", 1)], topology), "losing host a-agent-1-host of a");
    assert.equal(
      whenText([host("a", 1), host("b", 2), sample.link], topology),
      "losing host a-agent-1-host of a, or host b-agent-2-host of b, or a cut link between the sites",
    );
    const [only] = topology.sites;
    assert.equal(whenText([host("a", 1)], { sites: only === undefined ? [] : [only] }), "losing host a-agent-1-host");
    const agents = (site: string) => [1, 2, 3].map((number) => sample.lostNode(`${site}-agent-${number}`, site));
    assert.equal(whenText(agents("a"), topology), "losing any agent of a");
    assert.equal(whenText([...agents("a"), ...agents("b")], topology), "losing any agent");
  });
});

describe("a text at its own site", () => {
  it("names neither itself nor the other of two, and touches no longer name", () => {
    const at = relativeTo("site-a", { sites: ["site-a", "site-b"].map((name) => sample.plainSite(name)) });
    assert.equal(
      at(
        "site-a/app needs site-b/app; bring site-a back, see s3.site-a.example and that of site-a-2, not that of site-b; a backup.",
      ),
      "app needs site-b/app; bring the site back, see s3.site-a.example and that of site-a-2, not that of the other site; a backup.",
    );
    const three = relativeTo("a", { sites: ["a", "b", "c"].map((name) => sample.plainSite(name)) });
    assert.equal(three("a copy from b to c, or of a"), "a copy from b to c, or of the site");
  });
});
