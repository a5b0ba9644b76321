import { nodesOpenTo, type Workload } from "@isthmus/core";
import type { BudgetFacts } from "../facts.ts";
import { mapAt, listAt, type Json } from "../kubernetes.ts";
import { selects, type PodFacts } from "../pods.ts";
import { byOwner, type RenderedSite } from "../site.ts";
import type { Law } from "./law.ts";
import { isOf } from "./pods-stated.ts";

export const rolloutFinishes: Law = {
  id: "rollout-finishes",
  sentence:
    "A changed workload can be rolled out: where its members keep apart, there is a node for the new one, or an old one goes first.",
  fix: "Let the update take one old member away first (maxUnavailable: 1, maxSurge: 0), run fewer members than nodes, or keep them apart only where there is room.",
  breaches: (site) =>
    site.releases.flatMap(({ service, plan, facts }) =>
      facts.pods.flatMap((pods) => {
        const workload = service.footprint.workloads.find((one) => isOf(pods, one));
        const at = `${pods.controller} ${pods.name}`;
        const problem = workload === undefined ? undefined : stuck(pods, nodesFor(workload, site));
        return problem === undefined ? [] : [{ release: plan.name, at, problem }];
      }),
    ),
};

function nodesFor({ runsOn }: Workload, { plan }: RenderedSite): number {
  const topology = plan.facts.topology;
  return nodesOpenTo(topology, runsOn.tolerations).filter(({ labels }) =>
    runsOn.required.every(({ key, values }) => values.includes(labels[key] ?? "")),
  ).length;
}

function stuck(pods: PodFacts, nodes: number): string | undefined {
  if (pods.controller !== "Deployment" || !keepsApart(pods)) return undefined;
  const replicas = pods.replicas ?? 1;
  if (pods.update["type"] === "Recreate") return undefined;
  const rolling = mapAt(pods.update, "rollingUpdate");
  // The defaults of Kubernetes: a quarter, of which the unavailable part is rounded down.
  const unavailable = part(rolling["maxUnavailable"] ?? "25%", replicas, Math.floor);
  if (unavailable > 0 || nodes > replicas) return undefined;
  return `${replicas} members that keep apart stand on ${nodes} nodes, and none of them may go before a new one is ready`;
}

function part(value: unknown, of: number, round: (value: number) => number): number {
  const text = String(value);
  return text.endsWith("%") ? round((Number(text.slice(0, -1)) / 100) * of) : Number(text);
}

function keepsApart({ affinity, labels }: PodFacts): boolean {
  const required = listAt(affinity, "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution");
  return required.some(
    (term: Json) => term["topologyKey"] === "kubernetes.io/hostname" && selects(mapAt(term, "labelSelector"), labels),
  );
}

export const drainFinishes: Law = {
  id: "drain-finishes",
  sentence: "A node can be drained: no disruption budget keeps the last pod that it allows to go.",
  fix: "Let the budget spare one member (maxUnavailable: 1), or have none for a workload of one member.",
  breaches: (site) => {
    const all = byOwner(site);
    const pods = all.flatMap(({ facts }) => facts.pods);
    return all.flatMap(({ release, facts }) =>
      facts.budgets.flatMap((budget) => {
        const problem = blocks(budget, pods);
        return problem === undefined ? [] : [{ release, at: `PodDisruptionBudget ${budget.name}`, problem }];
      }),
    );
  },
};

function blocks(budget: BudgetFacts, pods: readonly PodFacts[]): string | undefined {
  const selected = pods.filter(
    ({ namespace, labels, hook }) =>
      hook === undefined && namespace === budget.namespace && selects(budget.selector, labels),
  );
  const members = selected.reduce((sum, { replicas = 1 }) => sum + replicas, 0);
  if (members === 0) return undefined;
  const spared =
    budget.maxUnavailable === undefined
      ? members - part(budget.minAvailable ?? "0", members, Math.ceil)
      : part(budget.maxUnavailable, members, Math.ceil);
  return spared > 0 ? undefined : `of ${members} members none may go`;
}
