import { setTimeout as sleep } from "node:timers/promises";
import { factsOf, type BudgetFacts, type ObjectFacts } from "../../../cli/lib/charts/facts.ts";
import { readKept } from "../../../cli/lib/charts/kept.ts";
import { listAt, mapAt, textAt, type KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";
import { objectsOfPlan } from "../../../cli/lib/charts/own-objects.ts";
import type { PodFacts } from "../../../cli/lib/charts/pods.ts";
import type { FleetPlan, SitePlan } from "../../../plan/plans.ts";
import type { Api } from "./api.ts";
import { renderedObjects } from "./charts.ts";
import { startCluster, type Cluster } from "./cluster.ts";
import { define, definitionsOf } from "./crds.ts";
import { k3sPods } from "./k3s-pods.ts";
import { madeByLonghorn } from "./longhorn.ts";
import { nodesOf, register, type FakeNode } from "./nodes.ts";
import { seen, type SeenPod } from "./placement.ts";
import type { ProgramFiles } from "./programs.ts";
import { registeredObjects } from "./registered.ts";
import { manifestsOf, settingsOf } from "./site.ts";
import { controllerOf } from "./templates.ts";
import { classesOf, localPath, provision } from "./volumes.ts";

export interface Clocks {
  readonly apiServerArguments: readonly string[];
  readonly controllerManagerArguments: readonly string[];
  readonly leaseSeconds: number;
}

export interface SiteAsked {
  readonly fleet: FleetPlan;
  readonly plan: SitePlan;
  /** Where `facts/` is that holds what charts make. */
  readonly root: string;
  /** Default: those of the plan. */
  readonly nodes?: readonly FakeNode[];
  /** Of a cluster that notices a loss sooner. */
  readonly clocks?: Clocks;
}

export interface RunningSite {
  readonly cluster: Cluster;
  /** Waits until whatever pods there are have a node or a reason, and nothing changes any more. */
  settled(): Promise<readonly SeenPod[]>;
  stop(): Promise<void>;
}

/** A site on fake nodes: every object of ours, and the pods that charts, operators and k3s make. */
export async function runSite(files: ProgramFiles, asked: SiteAsked): Promise<RunningSite> {
  const { fleet, plan, root } = asked;
  const own = [...manifestsOf(plan), ...(await registeredObjects(fleet, plan))];
  const facts = await factsAt(plan, root);
  const made = facts.flatMap(({ pods }) => pods.filter(stays).map(controllerOf));
  const controllers = [...made, ...madeByLonghorn(plan), ...k3sPods];
  const budgets = facts.flatMap((one) => one.budgets.map(budgetOf));
  const planned = settingsOf(plan);
  const cluster = await startCluster(files, {
    ...planned,
    apiServerArguments: [...(planned.apiServerArguments ?? []), ...(asked.clocks?.apiServerArguments ?? [])],
    controllerManagerArguments: [
      ...(planned.controllerManagerArguments ?? []),
      ...(asked.clocks?.controllerManagerArguments ?? []),
    ],
    ...(asked.clocks === undefined ? {} : { leaseSeconds: asked.clocks.leaseSeconds }),
  });
  try {
    const { api } = cluster;
    await define(api, definitionsOf(own));
    await register(api, asked.nodes ?? nodesOf(plan));
    if (plan.facts.kubernetes.localStorage) await api.apply(localPath);
    for (const object of own) await api.apply(object);
    for (const { kind, metadata } of own) if (kind === "Namespace") await cluster.accountIn(metadata.name);
    const end = provision(api, classesOf(plan));
    for (const claim of claimsOf(controllers, plan)) await api.apply(claim);
    for (const object of [...budgets, ...controllers]) await api.apply(object);
    return {
      cluster,
      settled: () => settled(cluster),
      stop: async () => {
        await end();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Facts of what charts make, as they are rendered or kept, and of objects of ours. */
async function factsAt(plan: SitePlan, root: string): Promise<readonly Pick<ObjectFacts, "pods" | "budgets">[]> {
  const rendered = await renderedObjects(plan);
  const kept = readKept(root, plan.facts.name).releases;
  return plan.services.flatMap((service) => [
    ...service.releases.flatMap(({ name, namespace }) => {
      const objects = rendered?.get(name);
      return objects === undefined ? (kept.get(name) ?? []) : factsOf(objects, namespace);
    }),
    ofOperators(factsOf(objectsOfPlan(service), service.namespace)),
  ]);
}

/** Of objects of ours, which are applied as they are, only what operators make of them is missing. */
const ofOperators = ({ pods }: ObjectFacts): Pick<ObjectFacts, "pods" | "budgets"> => ({
  pods: pods.filter(({ controller }) => controller === "operator"),
  budgets: [],
});

/** Pods that stay. */
const stays = ({ hook, controller }: PodFacts): boolean =>
  hook === undefined && controller !== "Job" && controller !== "CronJob";

/** Of CNPG's two budgets of a cluster the one that spares the primary is not there: its operator moves that off a cordoned node. */
const budgetOf = ({ name, namespace, selector, minAvailable, maxUnavailable }: BudgetFacts): KubernetesObject => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name, namespace },
  spec: { selector, minAvailable: amountOf(minAvailable), maxUnavailable: amountOf(maxUnavailable) },
});

const amountOf = (text: string | undefined): string | number | undefined =>
  text === undefined || text.endsWith("%") ? text : Number(text);

/** Claims that a chart makes beside its pods; of those that are kept only the name is known, so their class and size are the footprint's. */
function claimsOf(controllers: readonly KubernetesObject[], { services }: SitePlan): readonly KubernetesObject[] {
  return controllers.flatMap((object) =>
    listAt(object, "spec", "template", "spec", "volumes").flatMap((volume) => {
      const name = textAt(volume, "persistentVolumeClaim", "claimName");
      const { namespace } = object.metadata;
      const store = services
        .find((service) => service.namespace === namespace)
        ?.footprint.workloads.find(
          ({ controller, stores }) => controller === object.kind && stores !== undefined,
        )?.stores;
      if (name === undefined || store === undefined) return [];
      const resources = { requests: { storage: store.size } };
      const spec = { accessModes: ["ReadWriteOnce"], resources, storageClassName: store.storageClass };
      return [{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name, namespace }, spec }];
    }),
  );
}

const controllerKinds = ["Deployment", "StatefulSet", "DaemonSet"];

async function settled(cluster: Cluster): Promise<readonly SeenPod[]> {
  const deadline = Date.now() + 120_000;
  let before = "";
  let since = Date.now();
  for (;;) {
    cluster.check();
    const pods = (await cluster.api.list({ apiVersion: "v1", kind: "Pod" })).map(seen);
    const undecided = pods.filter(({ node, because }) => node === undefined && because === undefined);
    const incomplete = await incompleteIn(cluster.api);
    const now = pods.map(({ name, node, because, leaving }) => `${name} ${node ?? typeof because} ${leaving}`).join();
    if (now !== before || undecided.length + incomplete.length > 0) since = Date.now();
    before = now;
    if (Date.now() - since > 3_000) return pods;
    if (Date.now() > deadline) {
      const names = undecided.map(({ name }) => name);
      throw new Error(`still changing: ${[...names, ...incomplete].join(", ") || now}`);
    }
    await sleep(500);
  }
}

/** Controllers that have not made, or not replaced, the pods that they are to make. */
async function incompleteIn(api: Api): Promise<readonly string[]> {
  const all = await Promise.all(controllerKinds.map((kind) => api.list({ apiVersion: "apps/v1", kind })));
  return all.flat().flatMap((object) => {
    const { kind, metadata } = object;
    const status = mapAt(object, "status");
    const [made, due] =
      kind === "DaemonSet"
        ? [status["currentNumberScheduled"], status["desiredNumberScheduled"]]
        : [status["replicas"], mapAt(object, "spec")["replicas"]];
    const told = status["observedGeneration"] === metadata["generation"];
    return told && Number(made ?? 0) === Number(due ?? 0)
      ? []
      : [`${kind} ${metadata.name} (${Number(made ?? 0)} of ${Number(due ?? 0)})`];
  });
}
