import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { KubernetesObject } from "../../cli/lib/charts/kubernetes.ts";
import { readable } from "../../program/readable.ts";
import { resolve } from "../../program/resolve.ts";
import type { FleetPlan, SitePlan } from "../../plan/plans.ts";
import { fleetOrRefuse } from "../../plan/stack-files.ts";
import type { Api } from "../kits/control-plane/api.ts";
import { chartObjects, chartsAreAtHand, podOf, type ChartObject } from "../kits/control-plane/charts.ts";
import { startCluster, type Cluster } from "../kits/control-plane/cluster.ts";
import { define, definitionsOf } from "../kits/control-plane/crds.ts";
import { requireControlPlane } from "../kits/control-plane/programs.ts";
import { registeredObjects } from "../kits/control-plane/registered.ts";
import { manifestsOf, settingsOf } from "../kits/control-plane/site.ts";
import { afterwards } from "../services/afterwards.ts";
import { requireAllParts, root } from "./default-stacks.ts";

const fixtures = join(root, "config/fixtures/valid");

interface Case {
  readonly name: string;
  readonly fleet: FleetPlan;
  readonly plan: SitePlan;
}

const cases = [root, ...readdirSync(fixtures).map((name) => join(fixtures, name))].flatMap((folder): Case[] => {
  const fleet = fleetOrRefuse(folder);
  const of = folder === root ? "" : `${folder.slice(fixtures.length + 1)}/`;
  return fleet.sites.map((plan) => ({ name: `${of}${plan.facts.name}`, fleet, plan }));
});

const defaults = cases.filter(({ fleet }) => fleet === cases[0]?.fleet);

describe("what a real API server says of objects", function () {
  this.timeout(300_000);
  const undo = afterwards(this);
  let cluster: Cluster;
  const objects = new Map<string, readonly KubernetesObject[]>();
  const ofCharts = new Map<string, readonly ChartObject[]>();

  before(async function () {
    const files = requireAllParts(this);
    for (const { name, fleet, plan } of cases) {
      objects.set(name, [...manifestsOf(plan), ...(await registeredObjects(fleet, plan)), ...probesOf(plan)]);
    }
    for (const { name, plan } of defaults) ofCharts.set(name, await chartObjects(plan, root));
    const [first] = cases;
    assert.ok(first !== undefined);
    cluster = await startCluster(files, settingsOf(first.plan));
    undo(() => cluster.stop());
    const all = [...objects.values(), ...[...ofCharts.values()].map((some) => some.map(({ object }) => object))];
    await define(cluster.api, definitionsOf(all.flat()));
  });

  for (const { name } of cases) {
    it(`takes those of ours as they are: ${name}`, async () => {
      assert.deepEqual(await said(cluster.api, objects.get(name) ?? []), []);
    });
  }

  for (const { name, plan } of defaults) {
    const which = chartsAreAtHand ? "all that charts make" : "what is kept whole of what charts make";
    it(`takes ${which}, and the pods of it: ${name}`, async () => {
      const { api } = cluster;
      const made = await Promise.all(
        (ofCharts.get(name) ?? []).map(({ object, namespace }) => api.within(object, namespace)),
      );
      const beside = [...made, ...(objects.get(name) ?? [])];
      const pods = beside.flatMap((object) => podOf(object, beside) ?? []);
      assert.ok(pods.length >= (chartsAreAtHand ? 25 : 6), `${pods.length} pods`);
      // Namespaces are those of this site, with their levels.
      assert.deepEqual(await said(api, objects.get(name) ?? []), []);
      // What admission looks up for a pod.
      const named = beside.filter(({ kind }) => ["ServiceAccount", "PriorityClass"].includes(kind));
      for (const one of named) await api.apply(one);
      assert.deepEqual(await said(api, [...made, ...pods]), [], plan.facts.name);
    });
  }
});

describe("a real API server", function () {
  this.timeout(120_000);
  const undo = afterwards(this);
  let cluster: Cluster;

  before(async function () {
    const files = requireControlPlane(this);
    const [first] = cases;
    assert.ok(first !== undefined);
    cluster = await startCluster(files, settingsOf(first.plan));
    undo(() => cluster.stop());
    await cluster.api.apply(namespace("strict", "restricted"));
    await cluster.api.apply(namespace("unlabelled", undefined));
    for (const name of ["strict", "unlabelled"]) await cluster.accountIn(name);
  });

  it("refuses a field that the kind does not have, where we write it", async () => {
    const metadata = { name: "typo", namespace: "strict" };
    const policy = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata,
      spec: { podSelector: {}, ingres: [] },
    };
    assert.match(
      (await said(cluster.api, [policy])).join(),
      /NetworkPolicy strict\/typo: .*field not declared in schema/,
    );
  });

  it("refuses a pod by the level of its namespace, and by the one that the servers are configured with", async () => {
    const pod = (where: string): KubernetesObject => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "greedy", namespace: where },
      spec: { hostNetwork: true, containers: [{ name: "a", image: "a" }] },
    });
    assert.match((await said(cluster.api, [pod("strict")])).join(), /violates PodSecurity "restricted:latest"/);
    assert.match((await said(cluster.api, [pod("unlabelled")])).join(), /violates PodSecurity "baseline:latest"/);
  });
});

const namespace = (name: string, level: string | undefined): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, ...(level === undefined ? {} : { labels: { "pod-security.kubernetes.io/enforce": level } }) },
});

/** What webhooks are asked is refused by them alone: everything else has to take it. */
function probesOf(plan: SitePlan): readonly KubernetesObject[] {
  const probes = plan.services.flatMap(({ releases }) => releases.flatMap(({ webhook }) => webhook?.refused ?? []));
  return probes.map((probe) => resolve(probe, readable) as KubernetesObject);
}

/** Namespaces are made; everything else is asked about alone, so that one site leaves nothing to the next. */
async function said(api: Api, objects: readonly KubernetesObject[]): Promise<readonly string[]> {
  const told: string[] = [];
  for (const object of objects) {
    const { kind, metadata } = object;
    const at = `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
    try {
      const { warnings } = await api.apply(object, { dryRun: kind !== "Namespace" });
      told.push(...warnings.filter((text) => !isKnown(text)).map((text) => `${at}: warning: ${text}`));
    } catch (error) {
      told.push(`${at}: ${(error as Error).message}`);
    }
  }
  return told;
}

/**
 * Namespaces warn of all that is less than `restricted`, whatever they enforce; what only a deployment knows is no certificate yet; and
 * Longhorn's definitions name a format of numbers that texts do not have.
 */
const isKnown = (warning: string): boolean =>
  /^would violate PodSecurity|^tls: failed to find any PEM data in certificate input$|^unrecognized format "int64"$/.test(
    warning,
  );
