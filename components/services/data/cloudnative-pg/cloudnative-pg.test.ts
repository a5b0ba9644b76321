import assert from "node:assert/strict";
import { getAt, referencesIn, sitesNeeded } from "@isthmus/core";
import { renderService } from "../../../../tests/kits/proofs/chart-values.ts";
import { itFits } from "../../../../tests/kits/proofs/service-proof.ts";
import { contextOf, siteFacts, usualFacts } from "../../../../tests/kits/proofs/site-facts.ts";
import { cloudnativePg } from "./definition.ts";

const main = { clusters: { main: {} } };
const endpoint = { $peer: "site-b", output: "objectStore.endpoint" } as const;
const linked = { backupStore: { ...usualFacts.backupStore, endpoint } };
const objectsOf = (options: Parameters<typeof contextOf>[1]) =>
  new Map(
    renderService(cloudnativePg, contextOf(cloudnativePg, options)).objects.map(({ plan, manifest }) => [
      plan.id,
      manifest,
    ]),
  );
const workload = (args: unknown) =>
  cloudnativePg.footprint(contextOf(cloudnativePg, { args })).workloads.find(({ name }) => name === "cluster-main")!;

describe("cloudnative-pg", () => {
  it("replaces an operator before the other: two that keep apart by rule on two nodes have no third to start on", () => {
    const site = siteFacts();
    const agents = site.topology.nodes.filter(({ role }) => role === "agent").slice(0, 2);
    const rendered = (nodes: typeof agents) =>
      renderService(
        cloudnativePg,
        contextOf(cloudnativePg, { site: { ...site, topology: { ...site.topology, nodes } } }),
      );
    const values = rendered(agents).releases[0]!.values;
    assert.ok(getAt(values, "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution") !== undefined);
    assert.deepEqual(getAt(values, "updateStrategy"), {
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: 0, maxUnavailable: 1 },
    });
    assert.equal(getAt(rendered(agents.slice(0, 1)).releases[0]!.values, "updateStrategy"), undefined);
  });

  itFits(cloudnativePg, {
    "the operator alone": () => contextOf(cloudnativePg),
    "a cluster": () => contextOf(cloudnativePg, { args: main }),
    "a cluster that begins with a backup": () =>
      contextOf(cloudnativePg, {
        args: {
          clusters: {
            main: { restore: { from: "main", until: "2026-11-21T08:30:00Z" }, backup: { archive: "main-2" } },
          },
        },
      }),
    "clusters of all sizes": () =>
      contextOf(cloudnativePg, {
        args: {
          clusters: {
            one: { instances: 1, backup: { none: "a cache" } },
            two: { instances: 2 },
            five: { instances: 5 },
          },
        },
      }),
  });

  it("refuses a cluster that is to be backed up to nowhere", () => {
    const facts = { backupStore: undefined };
    const [finding] = cloudnativePg.check!(contextOf(cloudnativePg, { args: main, facts }));
    assert.equal(finding?.at, "Pulumi.site-a.yaml#/services/cloudnative-pg/clusters/main/backup");
    assert.match(finding.fix, /offsite.*none/);
    const without = { clusters: { main: { backup: { none: "a cache" } } } };
    assert.deepEqual(cloudnativePg.check!(contextOf(cloudnativePg, { args: without, facts })), []);
  });

  it("acknowledges a commit only when a majority has it, and says so", () => {
    assert.deepEqual(getAt(objectsOf({ args: main }).get("cluster-main"), "spec.postgresql.synchronous"), {
      method: "any",
      number: 1,
      dataDurability: "required",
      failoverQuorum: true,
    });
    assert.deepEqual(workload(main).writes, { kind: "majority" });
    assert.deepEqual(workload({ clusters: { main: { instances: 2 } } }).writes, { kind: "primary", failover: "1m" });
  });

  it("puts servers that are copies of one another on volumes with one copy, and no others", () => {
    const volumes = { ...usualFacts.volumes, onNode: "one-copy" };
    const stores = (cluster: object) => {
      const context = contextOf(cloudnativePg, { args: { clusters: { main: cluster } }, facts: { volumes } });
      const found = cloudnativePg.footprint(context).workloads.find(({ name }) => name === "cluster-main")?.stores;
      return [found?.storageClass, found?.moves];
    };
    assert.deepEqual(stores({}), ["one-copy", "nowhere"]);
    assert.deepEqual(stores({ instances: 2 }), ["longhorn", "site"]);
    assert.deepEqual(stores({ volumes: "replicated" }), ["longhorn", "site"]);
    assert.deepEqual(stores({ instances: 1, volumes: "local" }), ["one-copy", "nowhere"]);
  });

  it("takes the footprint's spread in place of the operator's", () => {
    const affinity = getAt(objectsOf({ args: main }).get("cluster-main"), "spec.affinity") as Record<string, unknown>;
    assert.equal(affinity["enablePodAntiAffinity"], false);
    assert.deepEqual(
      getAt(affinity, "additionalPodAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.topologyKey"),
      "kubernetes.io/hostname",
    );
  });

  it("states servers and sidecar together, and gives each its own share", () => {
    assert.deepEqual(workload(main).requests, { memory: "608Mi", cpu: "120m" });
    const cluster = objectsOf({ args: main }).get("cluster-main");
    assert.deepEqual(getAt(cluster, "spec.resources"), {
      requests: { memory: "512Mi", cpu: "100m" },
      limits: { memory: "512Mi" },
    });
  });

  it("archives nowhere until the other site is linked, and then everything", () => {
    const objects = objectsOf({ args: main, facts: linked });
    const plugins = getAt(objects.get("cluster-main"), "spec.plugins") as { $linked: string };
    assert.equal(plugins.$linked, "site-b");
    for (const id of ["object-store-main", "daily-backup-main"]) {
      assert.deepEqual(referencesIn(objects.get(id)), [endpoint], `${id} waits for the link`);
    }
  });

  it("begins with a backup where that is said, and archives under another name than that", () => {
    const restored = { restore: { from: "main" }, backup: { archive: "main-2" } };
    const object = objectsOf({ args: { clusters: { main: restored } }, facts: linked }).get("cluster-main");
    const parameters = { barmanObjectName: "main", serverName: "main" };
    assert.deepEqual(getAt(object, "spec.bootstrap"), {
      recovery: { database: "app", owner: "app", source: "archive" },
    });
    assert.deepEqual(getAt(object, "spec.externalClusters.0.plugin.parameters"), parameters);
    assert.equal(getAt(object, "spec.plugins.value.0.parameters.serverName"), "main-2");
    assert.deepEqual(sitesNeeded(object), ["site-b"], "it waits for the store that it begins with");
    const accepts = (main: unknown) => cloudnativePg.schema.safeParse({ clusters: { main } }).success;
    assert.ok(accepts(restored));
    assert.ok(!accepts({ restore: { from: "main" } }), "it would stand still: its own archive is not empty");
    assert.ok(!accepts({ restore: { from: "main" }, backup: { archive: "main" } }));
    assert.ok(!accepts({ restore: { from: "main" }, backup: { none: "a cache" } }));
  });

  it("lets nobody in without TLS, and no superuser over the network", () => {
    const spec = getAt(objectsOf({ args: main }).get("cluster-main"), "spec") as Record<string, unknown>;
    assert.equal(spec["enableSuperuserAccess"], false);
    assert.deepEqual(getAt(spec, "postgresql.pg_hba"), ["hostnossl all all all reject"]);
  });

  it("takes no image without an exact tag", () => {
    const accepts = (image: string) => cloudnativePg.schema.safeParse({ clusters: { main: { image } } }).success;
    assert.ok(accepts("ghcr.io/cloudnative-pg/postgresql:17.6-standard-trixie"));
    assert.ok(!accepts("ghcr.io/cloudnative-pg/postgresql:latest"));
    assert.ok(!accepts("postgres"));
  });
});
