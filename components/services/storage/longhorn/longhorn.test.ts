import assert from "node:assert/strict";
import fc from "fast-check";
import { controlPlaneTaint, getAt, referencesIn } from "@isthmus/core";
import { renderService } from "../../../../tests/kits/proofs/chart-values.ts";
import { itFits } from "../../../../tests/kits/proofs/service-proof.ts";
import { contextOf, siteFacts, usualFacts } from "../../../../tests/kits/proofs/site-facts.ts";
import { longhorn } from "./definition.ts";

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
    assert.match(finding.fix, /set replicas to 3/);
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

  it("has a class with one copy that stays on its pod's node, and lets such a node be drained", () => {
    // What Longhorn takes: https://github.com/longhorn/longhorn-manager/blob/v1.12.1/webhook/resources/volume/validator.go
    const parameters = getAt(objectsOf({}).get("storage-class-on-node"), "parameters") as Record<string, string>;
    assert.deepEqual([parameters["numberOfReplicas"], parameters["dataLocality"]], ["1", "strict-local"]);
    assert.match(parameters["recurringJobSelector"] ?? "", /"name":"no-backup"/);
    assert.equal(getAt(valuesOf({}), "defaultSettings.nodeDrainPolicy"), "allow-if-replica-is-stopped");
    assert.equal(longhorn.offers(contextOf(longhorn)).volumes?.onNode, "longhorn-local-no-backup");
  });

  it("copies a drained node's data elsewhere where there is one copy of everything", () => {
    const args = { replicas: 1 };
    const policy = getAt(valuesOf(args), "defaultSettings.nodeDrainPolicy");
    assert.equal(policy, "block-for-eviction-if-contains-last-replica");
    assert.equal(objectsOf({ args }).has("storage-class-on-node"), false);
    assert.equal(longhorn.offers(contextOf(longhorn, { args })).volumes?.onNode, undefined);
  });

  it("keeps as many backups as it is told: the webhook refuses a job above the setting, 100 unless told", () => {
    const kept = (keep?: number) => {
      const args = keep === undefined ? {} : { backups: { keep } };
      const setting = Number(getAt(valuesOf(args), "defaultSettings.recurringJobMaxRetention"));
      return [getAt(objectsOf({ args }).get("daily-backup"), "spec.retain"), setting];
    };
    assert.deepEqual(kept(), [14, 100]);
    assert.deepEqual(kept(101), [101, 101]);
    assert.deepEqual(kept(250), [250, 250]);
    // The setting's own bound: MaxSnapshotNum of types/setting.go, v1.12.1.
    assert.throws(() => kept(251));
  });

  it("is the one default StorageClass of the site, or none", () => {
    const defaults = (args: object) =>
      [...objectsOf({ args }).values()]
        .filter((manifest) => manifest.kind === "StorageClass")
        .filter((one) => one.metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true")
        .map(({ metadata }) => metadata.name);
    assert.deepEqual(defaults({}), ["longhorn-replicated"]);
    assert.deepEqual(defaults({ defaultClass: false }), []);
    const site = siteFacts({ kubernetes: { ...siteFacts().kubernetes, localStorage: true } });
    const rules = (args: object) => longhorn.check!(contextOf(longhorn, { site, args })).map(({ rule }) => rule);
    assert.deepEqual(rules({}), ["default-class-twice"]);
    assert.deepEqual(rules({ defaultClass: false }), []);
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
