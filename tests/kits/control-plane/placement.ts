import { controlPlaneOf, type Budget, type Unschedulable } from "@isthmus/availability";
import { mayRunOn, membersAt, toMebibytes, toMillicores, type NodeFacts, type Workload } from "@isthmus/core";
import { amount } from "../../../cli/lib/charts/quantities.ts";
import { listAt, textAt, textsAt, type Json, type KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";
import { selects } from "../../../cli/lib/charts/pods.ts";
import type { SitePlan } from "../../../plan/plans.ts";

/** A pod as the API server has it. */
export interface SeenPod {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent: it is on none. */
  readonly node?: string | undefined;
  /** Why it is on none, as the scheduler says it. */
  readonly because?: string | undefined;
  readonly leaving: boolean;
  readonly requests: { readonly memory: number; readonly cpu: number };
}

export function seen(pod: KubernetesObject): SeenPod {
  const { name, namespace = "" } = pod.metadata;
  const scheduled = listAt(pod, "status", "conditions").find(({ type }) => type === "PodScheduled");
  return {
    name,
    namespace,
    labels: textsAt(pod.metadata, "labels"),
    node: textAt(pod, "spec", "nodeName"),
    because: scheduled?.["status"] === "False" ? textAt(scheduled, "message") : undefined,
    leaving: textAt(pod.metadata, "deletionTimestamp") !== undefined,
    requests: { memory: requested(pod, "memory") / 2 ** 20, cpu: requested(pod, "cpu") * 1000 },
  };
}

/** What the scheduler counts: https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers */
function requested(pod: KubernetesObject, resource: string): number {
  const of = (container: Json): number => amount(textsAt(container, "resources", "requests")[resource] ?? "0");
  const first = listAt(pod, "spec", "initContainers");
  const beside = first.filter(({ restartPolicy }) => restartPolicy === "Always").reduce((sum, one) => sum + of(one), 0);
  const running = listAt(pod, "spec", "containers").reduce((sum, one) => sum + of(one), beside);
  return Math.max(running, ...first.map(of));
}

/** A workload of a footprint, and its pods. */
interface Stated {
  readonly id: string;
  readonly workload: Workload;
  readonly pods: readonly SeenPod[];
}

function statedOf({ services }: SitePlan, pods: readonly SeenPod[]): readonly Stated[] {
  return services.flatMap(({ instance, namespace, footprint }) =>
    footprint.workloads
      .filter(({ controller }) => controller !== "host")
      .map((workload) => ({
        id: `${instance}/${workload.name}`,
        workload,
        pods: pods.filter(
          (pod) => pod.namespace === namespace && selects({ matchLabels: workload.selector }, pod.labels),
        ),
      })),
  );
}

/** Of amounts of one pod: in the plan they are whole mebibytes and thousandths of a core. */
const tolerance = 1;

/** What is otherwise in the cluster than the plan says, a line each. */
export function disagreements(plan: SitePlan, budget: Budget, pods: readonly SeenPod[]): readonly string[] {
  const staying = pods.filter(({ leaving }) => !leaving);
  const stated = statedOf(plan, staying);
  const known = new Set(stated.flatMap((one) => one.pods));
  const unschedulable = budget.sites.find(({ site }) => site === plan.facts.name)?.unschedulable ?? [];
  return [
    ...stated.flatMap((one) => ofWorkload(one, plan, unschedulable)),
    ...staying
      .filter((pod) => !known.has(pod) && pod.namespace !== "kube-system")
      .map(({ namespace, name }) => `${namespace}/${name}: no footprint states it`),
    ...ofNodes(plan, budget, stated),
  ];
}

function ofWorkload(
  { id, workload, pods }: Stated,
  { facts }: SitePlan,
  unschedulable: readonly Unschedulable[],
): string[] {
  const { nodes } = facts.topology;
  const may = new Set(nodes.filter((node) => mayRunOn(workload, node)).map(({ name }) => name));
  const placed = pods.filter(({ node }) => node !== undefined);
  const waiting = pods.filter(({ node }) => node === undefined);
  const without = unschedulable
    .filter((one) => one.service === `${facts.name}/${id.split("/")[0] ?? ""}` && one.workload === workload.name)
    .reduce((sum, { members }) => sum + members, 0);
  const expected = (membersAt(workload, facts.name) ?? may.size) - without;
  const reasons = waiting.map(({ because = "nothing is said of it" }) => because);
  return [
    ...(placed.length === expected
      ? []
      : [
          `${id}: ${placed.length} of ${expected} are on nodes${reasons.length === 0 ? "" : `: ${reasons.join("; ")}`}`,
        ]),
    ...placed
      .filter(({ node = "" }) => !may.has(node))
      .map(({ name, node }) => `${id}: ${name} is on ${node ?? ""}, where it may not be`),
    ...together(workload, placed, nodes).map((place) => `${id}: several are on ${place}, and are to keep apart`),
    ...pods
      .filter(({ requests }) => differs(requests, workload))
      .map(
        ({ name, requests }) =>
          `${id}: ${name} asks for ${requests.memory} MiB and ${requests.cpu}m, not ${workload.requests.memory} and ${workload.requests.cpu}`,
      ),
  ];
}

function differs({ memory, cpu }: SeenPod["requests"], { requests }: Workload): boolean {
  return (
    Math.abs(memory - toMebibytes(requests.memory)) > tolerance ||
    Math.abs(cpu - toMillicores(requests.cpu)) > tolerance
  );
}

function together({ runsOn }: Workload, placed: readonly SeenPod[], nodes: readonly NodeFacts[]): readonly string[] {
  return runsOn.spread
    .filter(({ required, over }) => required && over !== "site")
    .flatMap(({ over }) => {
      const places = placed.map(
        ({ node = "" }) => (over === "host" ? nodes.find(({ name }) => name === node)?.host : node) ?? node,
      );
      return [...new Set(places.filter((place, index) => places.indexOf(place) !== index))];
    });
}

/** What stands on a node in any case comes to what the plan takes from it, and all that is there to no more than it may have. */
function ofNodes({ facts }: SitePlan, budget: Budget, stated: readonly Stated[]): string[] {
  const [server] = controlPlaneOf(facts.topology, "Pulumi.yaml#").workloads;
  const ofServer = {
    memory: toMebibytes(server?.requests.memory ?? "0Mi"),
    cpu: toMillicores(server?.requests.cpu ?? "0m"),
  };
  return budget.nodes
    .filter(({ site }) => site === facts.name)
    .flatMap(({ node, role, fixed, capacity, reserved }) => {
      const here = (some: readonly Stated[]): readonly SeenPod[] =>
        some.flatMap(({ pods }) => pods.filter((pod) => pod.node === node));
      const perNode = here(stated.filter(({ workload }) => "perNode" in workload.members));
      const host = role === "server" ? ofServer : { memory: 0, cpu: 0 };
      const all = here(stated);
      return (["memory", "cpu"] as const).flatMap((kind) => {
        const wanted = fixed[kind] - host[kind];
        const is = sum(perNode, kind);
        const room = capacity[kind] - reserved[kind] - host[kind];
        return [
          ...(Math.abs(is - wanted) > tolerance * perNode.length
            ? [`${node}: pods of every node ask for ${is} of ${kind}, and the plan takes ${wanted} for them`]
            : []),
          ...(sum(all, kind) > room
            ? [`${node}: pods ask for ${sum(all, kind)} of ${kind}, and the plan has room for ${room}`]
            : []),
        ];
      });
    });
}

const sum = (pods: readonly SeenPod[], kind: "memory" | "cpu"): number =>
  pods.reduce((total, { requests }) => total + requests[kind], 0);
