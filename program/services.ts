import { createHash } from "node:crypto";
import { ServiceInstance } from "@isthmus/core/components";
import { peerValuesNeeded, sitesNeeded } from "@isthmus/core";
import { ChartRelease, type ChartMirror } from "@isthmus/helm/components";
import type { K3sCluster } from "@isthmus/k3s/components";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import type { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import type { PlacedObject, PlacedRelease, ServicePlan } from "../plan/service-plans.ts";
import { writtenByUs } from "./field-manager.ts";
import { kubernetesObject, type ObjectArgs } from "./objects.ts";
import { resolve, type Values } from "./resolve.ts";
import { Waits } from "./waits.ts";

export interface ServicesArgs {
  readonly site: string;
  readonly services: readonly ServicePlan[];
  readonly values: Values;
  /** The sites whose values are known. */
  readonly linked: ReadonlySet<string>;
  readonly provider: Provider;
  /** All its nodes have joined before anything is put on it: until then pods would wait, and releases give up. */
  readonly cluster: Pick<K3sCluster, "complete" | "webhookAnswers">;
  readonly parent: pulumi.Resource;
  readonly mirror: ChartMirror | undefined;
}

/** Registers all services of a site, providers before those that use them. What waits for another site is left out. */
export function buildServices(args: ServicesArgs): void {
  const components = new Map<string, ServiceInstance>();
  for (const plan of args.services) components.set(plan.instance, serviceComponent(plan, args));
  // All namespaces first: an ingress has objects in those of the services behind it.
  const namespaces = new Map(
    args.services
      .filter(runsHere)
      .map((plan) => [
        plan.namespace,
        namespaceOf(plan, { parent: components.get(plan.instance), after: args.cluster.complete }),
      ]),
  );
  const items = new Map<string, readonly pulumi.Resource[]>();
  const waits = new Waits<pulumi.Resource>();
  for (const plan of args.services)
    items.set(plan.instance, buildItems(plan, { ...args, components, namespaces, items, waits }));
}

interface Around extends ServicesArgs {
  readonly components: ReadonlyMap<string, ServiceInstance>;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  /** What the services before this one consist of. */
  readonly items: ReadonlyMap<string, readonly pulumi.Resource[]>;
  readonly waits: Waits<pulumi.Resource>;
}

const oneOrNone = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);

const runsHere = (plan: ServicePlan): boolean => plan.releases.length + plan.objects.length > 0;

const providersOf = (plan: ServicePlan, { items }: Around): pulumi.Resource[] =>
  Object.values(plan.providers).flatMap((name) => items.get(name) ?? []);

/** Waits for nothing: an ingress has objects in the namespace of a service that comes after it. Items wait instead. */
function serviceComponent(plan: ServicePlan, { site, parent, provider }: ServicesArgs): ServiceInstance {
  const { service, instance, namespace, footprint, from } = plan;
  return new ServiceInstance(instance, { service, instance, site, namespace, footprint, from }, { parent, provider });
}

/** With a namespace its volume claims go: one that holds data is deleted only after a person unprotected it. */
function namespaceOf(
  plan: ServicePlan,
  { parent, after }: { readonly parent: pulumi.Resource | undefined; readonly after: pulumi.Resource },
): Namespace {
  const labels = podSecurityLabels(plan.footprint.podSecurity);
  const protect = plan.footprint.workloads.some((workload) => workload.stores !== undefined);
  return new Namespace(
    `${plan.instance}-namespace`,
    { metadata: writtenByUs({ name: plan.namespace, labels }) },
    { ...(parent && { parent }), dependsOn: [after], protect },
  );
}

/**
 * The linked sites whose outputs hold all that a service needs of them. One that was brought up before it offered that
 * counts as not linked yet: without its address, backups would be sent to whatever the client's default is.
 */
export function linkedFor(
  plan: Pick<ServicePlan, "objects">,
  { linked, values }: Pick<ServicesArgs, "linked" | "values">,
): ReadonlySet<string> {
  const lacking = plan.objects
    .flatMap(({ manifest }) => peerValuesNeeded(manifest))
    .filter(({ $peer, output }) => values.peer($peer, output) === undefined)
    .map(({ $peer }) => $peer);
  return new Set([...linked].filter((site) => !lacking.includes(site)));
}

/** Items of one service in the order that their `after` gives. */
function buildItems(plan: ServicePlan, around: Around): readonly pulumi.Resource[] {
  const parent = around.components.get(plan.instance);
  const linked = linkedFor(plan, around);
  const peer: Values["peer"] = (site, output) => (linked.has(site) ? around.values.peer(site, output) : undefined);
  const resolved = (data: unknown) => resolve(data, { ...around.values, peer });
  const made = new Map<string, pulumi.Resource>();
  for (const item of inOrder(plan)) {
    const alsoIn = item.kind === "release" ? (item.plan.alsoIn ?? []) : [];
    const namespace = item.kind === "release" ? item.plan.namespace : item.plan.manifest.metadata.namespace;
    const dependsOn = around.waits.withoutImplied([
      ...[namespace ?? plan.namespace, ...alsoIn].flatMap((name) => oneOrNone(around.namespaces.get(name))),
      ...providersOf(plan, around),
      ...(item.plan.after ?? []).flatMap((name) => made.get(name) ?? []),
    ]);
    const options = { ...(parent && { parent }), dependsOn };
    const add = (resource: pulumi.Resource): void => {
      made.set(item.id, resource);
      around.waits.add(resource, dependsOn);
    };
    if (item.kind === "release") {
      const release = new ChartRelease(
        `${plan.instance}-${item.plan.name}`,
        {
          plan: { ...item.plan, values: resolved(item.plan.values) as PlacedRelease["values"] },
          mirror: around.mirror,
        },
        options,
      );
      add(release);
      if (item.plan.webhook !== undefined) made.set(item.id, answering(item.plan, { ...around, release, parent }));
    } else if (sitesNeeded(item.plan.manifest).every((site) => linked.has(site))) {
      const manifest = resolved(item.plan.manifest) as ObjectArgs;
      const protect = item.plan.holdsData;
      add(kubernetesObject(`${plan.instance}-${item.plan.id}`, manifest, { ...options, protect }));
    }
  }
  return [...made.values()];
}

/** What comes after a release with an admission webhook comes after this: a release that is ready is not a webhook that answers. */
function answering(
  plan: PlacedRelease,
  {
    release,
    parent,
    cluster,
    waits,
    namespaces,
  }: Pick<Around, "cluster" | "waits" | "namespaces"> & { release: ChartRelease; parent: pulumi.Resource | undefined },
): pulumi.Resource {
  const { name, namespace, webhook: probe, chart, values } = plan;
  if (probe === undefined) throw new Error(`${name} has no webhook to ask`);
  const declared = createHash("sha256")
    .update(JSON.stringify([chart, values]))
    .digest("hex")
    .slice(0, 12);
  const asked = cluster.webhookAnswers({
    release: name,
    namespace,
    probe,
    // A cluster that was lost and is built again has the same releases at their first revision, in other namespaces.
    rerunOn: pulumi.interpolate`${declared} ${release.status.revision} ${namespaces.get(namespace)?.metadata.uid ?? ""}`,
    after: release,
    parent,
  });
  waits.add(asked, [release]);
  return asked;
}

type Item =
  | { readonly kind: "release"; readonly id: string; readonly plan: PlacedRelease }
  | { readonly kind: "object"; readonly id: string; readonly plan: PlacedObject };

/** Releases and objects such that what an item comes after is before it. A name that is not there is a bug. */
export function inOrder(plan: Pick<ServicePlan, "instance" | "releases" | "objects">): Item[] {
  let waiting: Item[] = [
    ...plan.releases.map((release): Item => ({ kind: "release", id: `release/${release.name}`, plan: release })),
    ...plan.objects.map((object): Item => ({ kind: "object", id: `object/${object.id}`, plan: object })),
  ];
  const ordered: Item[] = [];
  while (waiting.length > 0) {
    const done = new Set(ordered.map((item) => item.id));
    const ready = waiting.filter((item) => (item.plan.after ?? []).every((name) => done.has(name)));
    if (ready.length === 0)
      throw new Error(
        `${plan.instance}: ${waiting.map((item) => item.id).join(", ")} wait for one another or for nothing`,
      );
    ordered.push(...ready);
    waiting = waiting.filter((item) => !ready.includes(item));
  }
  return ordered;
}

function podSecurityLabels(level: string): Record<string, string> {
  return {
    "pod-security.kubernetes.io/enforce": level,
    "pod-security.kubernetes.io/warn": "restricted",
  };
}
