import assert from "node:assert/strict";
import fc from "fast-check";
import { controlPlaneTaint, getAt, referencesIn } from "@isthmus/core";
import { renderService } from "../../tests/program/chart-values.ts";
import { itFits } from "../../tests/program/service-proof.ts";
import { contextOf, siteFacts, usualFacts } from "../../tests/program/site-facts.ts";
import { longhorn } from "./longhorn.ts";

const withoutStore = { backupStore: undefined };
const valuesOf = (args: unknown) => renderService(longhorn, contextOf(longhorn, { args })).releases[0]!.values;
const objectsOf = (options: Parameters<typeof contextOf>[1]) =>
  new Map(
    renderService(longhorn, contextOf(longhorn, options)).objects.map(({ plan, manifest }) => [plan.id, manifest]),
  );

describe("longhorn", () => {
  itFits(longhorn, {
    "as it comes": () => contextOf(longhorn),
    "no backup store": () => contextOf(longhorn, { facts: withoutStore }),
    "UI, tainted nodes": () =>
      contextOf(longhorn, {
        args: { ui: { hostName: "longhorn.site-a.home.arpa" }, tolerations: [controlPlaneTaint] },
      }),
  });

  it("refuses more copies than nodes that hold volumes, and says how many there are", () => {
    const [finding, ...others] = longhorn.check!(contextOf(longhorn, { args: { replicas: 4 } }));
    assert.deepEqual(others, []);
    assert.equal(finding?.at, "Pulumi.site-a.yaml#/services/longhorn/replicas");
    assert.match(finding.problem, /replicas: 4 .* 3 nodes of site-a .*k3s-a-agent-1, k3s-a-agent-2, k3s-a-agent-3/);
    assert.match(finding.mend, /set replicas to 3/);
    assert.deepEqual(
      longhorn.check!(contextOf(longhorn, { args: { replicas: 4, tolerations: [controlPlaneTaint] } })),
      [],
    );
  });

  it("says that data are at hand exactly as long as one copy of every volume must be", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 3 }), (replicas, lost) => {
        const context = contextOf(longhorn, { args: { replicas } });
        const { reads } = longhorn.footprint(context).workloads.find(({ name }) => name === "instance-manager")!;
        assert.ok(reads.kind === "atLeast");
        // The worst case: every node that is lost held a copy of the same volume.
        assert.equal(3 - lost >= reads.members, replicas - lost >= 1);
      }),
    );
  });

  it("puts copies on distinct hosts only where there are enough", () => {
    const soft = (args: unknown) => getAt(valuesOf(args), "defaultSettings.replicaZoneSoftAntiAffinity");
    assert.equal(soft({ replicas: 3 }), "false");
    assert.equal(soft({ replicas: 4, tolerations: [controlPlaneTaint] }), "true");
  });

  it("keeps credentials to a Secret that waits for the other site, and starts backups with the link", () => {
    const facts = {
      backupStore: { ...usualFacts.backupStore, endpoint: { $peer: "site-b", output: "objectStore.endpoint" } },
    };
    const objects = objectsOf({ facts });
    assert.deepEqual(
      referencesIn(objects.get("backup-credentials")).filter((reference) => "$peer" in reference),
      [{ $peer: "site-b", output: "objectStore.endpoint" }],
    );
    assert.deepEqual(getAt(objects.get("daily-backup"), "spec.groups"), { $linked: "site-b", value: ["default"] });
    assert.deepEqual(getAt(objects.get("backup-target"), "spec.backupTargetURL"), {
      $linked: "site-b",
      value: "s3://site-a@us-east-1/longhorn/",
    });
  });

  it("backs up volumes of the usual class and of no other", () => {
    const objects = objectsOf({});
    const groups = (id: string) => getAt(objects.get(id), "parameters.recurringJobSelector");
    assert.match(String(groups("storage-class-usual")), /"name":"default"/);
    assert.match(String(groups("storage-class-no-backup")), /"name":"no-backup"/);
    assert.equal(longhorn.offers(contextOf(longhorn, { facts: withoutStore })).volumes?.backup, undefined);
    assert.deepEqual(longhorn.offers(contextOf(longhorn)).volumes?.backup, {
      by: "Longhorn recurring backup",
      to: "MinIO at site-b",
      every: "1d",
      keeps: "14 backups",
    });
  });

  it("says what machines that are not VMs of ours have to bring", () => {
    const { topology } = siteFacts();
    const nodes = topology.nodes.map((node) =>
      node.name === "k3s-a-agent-1" ? { ...node, host: node.name } : { ...node, host: "pve" },
    );
    const site = siteFacts({ topology: { ...topology, nodes } });
    const [line, ...others] = longhorn.afterwards!(contextOf(longhorn, { site }));
    assert.match(line ?? "", /open-iscsi on k3s-a-agent-1: sudo apt-get install open-iscsi/);
    assert.deepEqual(others, []);
  });

  it("refuses to be uninstalled with its volumes unless a person says so", () => {
    assert.equal(getAt(valuesOf({}), "defaultSettings.deletingConfirmationFlag"), "false");
    assert.equal(getAt(valuesOf({ allowUninstall: true }), "defaultSettings.deletingConfirmationFlag"), "true");
  });
});
