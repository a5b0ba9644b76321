import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOpen, referencesIn } from "@isthmus/core";
import { load } from "../config/load.ts";
import { catalogue } from "../plan/catalogue.ts";
import { planFleet } from "../plan/fleet.ts";
import type { FleetPlan } from "../plan/plans.ts";
import { resolve } from "./resolve.ts";
import { previewDocument, type PreviewDocument } from "../cli/lib/preview/document.ts";
import { readable } from "./readable.ts";
import { previewText } from "../cli/lib/preview/text.ts";
import { plain } from "../cli/lib/terminal/style.ts";
import { writeOut } from "../cli/lib/preview/write-out.ts";
import { checkObject, checkRelease, withoutCharts, withoutKubernetes } from "../tests/kits/proofs/chart-values.ts";

const root = join(import.meta.dirname, "..");

function planned(): FleetPlan {
  const loaded = load(root, catalogue);
  assert.ok("model" in loaded);
  return planFleet(loaded.model);
}

function filesBelow(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(folder.length), readFileSync(path, "utf8")]),
  );
}

describe("the default stacks", () => {
  let fleet: FleetPlan;
  let document: PreviewDocument;

  before(async () => {
    fleet = planned();
    document = await previewDocument(fleet, []);
  });

  it("leave room on every disk, also when a node is lost", () => {
    for (const { budgets } of Object.values(document.sites)) {
      // 200 MinIO + 20 PostgreSQL + 30 Vault + 23 monitoring GiB, of 70 % of 98 % of 500 GiB.
      assert.deepEqual(
        budgets.disks.map(({ asked, forVolumes }) => [asked / 1024, forVolumes / 1024]),
        [1, 2, 3].map(() => [273, 343]),
      );
      assert.deepEqual([budgets.volumes.notStated, budgets.volumes.unplaced], [[], []]);
      const lost = budgets.volumes.afterLossOf.flatMap(({ unplaced }) => unplaced.map(({ because }) => because));
      assert.ok(!lost.includes("no room"));
    }
  });

  it("make every VM in a pool, which is all that the token of the guide has rights on", () => {
    assert.deepEqual(
      fleet.sites.map(({ machines }) => machines.virtual?.proxmox.pool),
      ["isthmus", "isthmus"],
    );
  });

  it("are in order", () => {
    assert.deepEqual(fleet.findings, []);
    for (const site of Object.values(document.sites)) assert.deepEqual(site.policy.failures, []);
  });

  it("have the services of the first platform at both sites", () => {
    for (const site of fleet.sites) {
      assert.deepEqual(site.services.map((plan) => plan.instance).sort(), [
        "cert-manager",
        "cloudnative-pg",
        "links",
        "longhorn",
        "metallb",
        "minio",
        "monitoring",
        "offsite",
        "traefik-private",
        "traefik-public",
        "vault",
      ]);
    }
  });

  it("have a public and a private route at each site", () => {
    for (const site of fleet.sites) {
      const exposures = site.services.flatMap((plan) => plan.footprint.routes.map((route) => route.exposure));
      assert.deepEqual([...new Set(exposures)].sort(), ["private", "public"]);
    }
  });

  it(withoutCharts ?? "fit their charts: every value is a key of its chart", function () {
    if (withoutCharts !== undefined) this.skip();
    const problems = fleet.sites.flatMap((site) =>
      site.services.flatMap((plan) => plan.releases.flatMap((release) => checkRelease(release, release.values))),
    );
    assert.deepEqual(problems, []);
  });

  it(withoutKubernetes ?? "fit Kubernetes and the CRDs: every object of theirs", function () {
    if (withoutKubernetes !== undefined) this.skip();
    const problems = fleet.sites.flatMap((site) =>
      site.services.flatMap((plan) =>
        plan.objects.flatMap((object) => checkObject(resolve(object.manifest, readable) as typeof object.manifest)),
      ),
    );
    assert.deepEqual(problems, []);
  });

  it("put no secret and no other site's value into a chart's values", () => {
    const values = fleet.sites.flatMap((site) =>
      site.services.flatMap((plan) => plan.releases.map(({ values }) => values)),
    );
    assert.deepEqual(
      referencesIn(values).filter((one) => !isOpen(one)),
      [],
    );
  });

  it("register each resource once, with a parent that is there", () => {
    for (const { resources } of Object.values(document.sites)) {
      const urns = new Set(resources.map(({ urn }) => urn));
      assert.equal(urns.size, resources.length);
      for (const { parent } of resources) if (parent !== undefined) assert.ok(urns.has(parent), parent);
    }
  });

  it("read well: what matters first, every service, and what to do next as it is typed", () => {
    const text = previewText(document, fleet, { style: plain });
    for (const site of fleet.sites)
      for (const { instance, footprint } of site.services)
        if (footprint.workloads.length > 0) assert.match(text, new RegExp(`\\b${instance}\\b`));
    assert.match(text, /^✔ Stack files and mandatory policies are in order\.\n/);
    assert.match(text, /^ +pulumi config set -s site-a --path --secret 'isthmus:secrets\.proxmoxToken'/m);
    // What is the same at both sites is said once.
    assert.equal(text.match(/pulumi config set/g)?.length, 7);
    assert.equal(text.match(/vault-1 -- vault operator unseal/g)?.length, 1);
    assert.match(text, /the cluster's state: what is newer than the last backup \(k3s' snapshots/);
    assert.doesNotMatch(text, /undefined|\[object|NaN/);
    assert.ok(text.split("\n").length < 150, "it is read in two screens or three");
  });

  it("fit the terminal, but for what is copied from it", () => {
    for (const columns of [80, 100, 120]) {
      const style = { ...plain, columns };
      const lines = previewText(document, fleet, { style, all: true, tree: true }).split("\n");
      const wide = lines.filter((line) => line.length > columns);
      assert.deepEqual(
        wide.filter((line) => !/kubectl|pulumi config|https:|\S{60}/.test(line)),
        [],
      );
      for (const site of fleet.sites)
        for (const { name } of site.facts.topology.nodes)
          assert.ok(
            lines.some((line) => line.includes(name)),
            name,
          );
    }
  });

  it("write the same files from run to run, and no reference unresolved", async () => {
    const folders = [mkdtempSync(join(tmpdir(), "isthmus-out-")), mkdtempSync(join(tmpdir(), "isthmus-out-"))];
    try {
      const [first, second] = folders;
      assert.ok(first !== undefined && second !== undefined);
      writeOut(first, document, fleet);
      const again = planned();
      writeOut(second, await previewDocument(again, []), again);
      const [one, two] = [filesBelow(first), filesBelow(second)];
      assert.deepEqual(one, two);
      assert.ok(one.size > 100, `${one.size} files`);
      for (const [path, content] of one)
        assert.doesNotMatch(content, /\$(secret|generated|peer|linked)\b|undefined/, path);
      for (const file of [
        "availability.md",
        "policy.sarif",
        "dns/zone",
        "releases/vault/values.yaml",
        "machines/k3s-a-server-1/user-data.yaml",
      ]) {
        assert.ok(one.has(`/site-a/${file}`), file);
      }
    } finally {
      for (const folder of folders) rmSync(folder, { recursive: true });
    }
  });
});
