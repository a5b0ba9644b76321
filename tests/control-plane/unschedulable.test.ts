import assert from "node:assert/strict";
import { budget, systemReserve, type Budget, type Unschedulable } from "@isthmus/availability";
import { toMebibytes, type NodeFacts } from "@isthmus/core";
import type { K3sNode } from "@isthmus/k3s";
import type { SitePlan } from "../../plan/plans.ts";
import { disagreements, type SeenPod } from "../kits/control-plane/placement.ts";
import type { ProgramFiles } from "../kits/control-plane/programs.ts";
import { runSite } from "../kits/control-plane/scheduled.ts";
import { afterwards } from "../services/afterwards.ts";
import { fleet, requireAllParts, root } from "./default-stacks.ts";

interface Case {
  readonly plan: SitePlan;
  readonly budgets: Budget;
  readonly without: readonly Unschedulable[];
}

/** The first default stack on other agents, with the services that it has: one that the plan would refuse. */
function onAgents(change: (agent: NodeFacts) => NodeFacts | undefined): Case {
  const [original] = fleet.sites;
  assert.ok(original !== undefined);
  const { facts, cluster } = original;
  const nodes = facts.topology.nodes.flatMap((node) => (node.role === "agent" ? (change(node) ?? []) : [node]));
  const topology = { ...facts.topology, nodes };
  const plan = {
    ...original,
    facts: { ...facts, topology },
    cluster: { ...cluster, nodes: cluster.nodes.flatMap((node) => withTaintsOf(node, nodes)) },
  };
  const budgets = budget({ sites: [topology] }, fleet.footprint.services);
  return { plan, budgets, without: budgets.sites[0]?.unschedulable ?? [] };
}

function withTaintsOf(node: K3sNode, nodes: readonly NodeFacts[]): readonly K3sNode[] {
  const facts = nodes.find(({ name }) => name === node.name);
  return facts === undefined ? [] : [{ ...node, taints: facts.taints }];
}

describe("pods that the plan calls unschedulable", function () {
  this.timeout(300_000);
  const undo = afterwards(this);
  let files: ProgramFiles;

  before(function () {
    files = requireAllParts(this);
  });

  const seenWith = async ({ plan }: Case): Promise<readonly SeenPod[]> => {
    const site = await runSite(files, { fleet, plan, root });
    undo(() => site.stop());
    return site.settled();
  };

  it("wait for that reason where no node may have them: too few to keep apart, others are tainted", async () => {
    const dedicated = { key: "dedicated", value: "cameras", effect: "NoSchedule" } as const;
    const case_ = onAgents((agent) => {
      if (agent.name === "k3s-a-agent-3") return undefined;
      return agent.name === "k3s-a-agent-2" ? { ...agent, taints: [dedicated] } : agent;
    });
    assert.deepEqual(
      case_.without.map(({ service, workload, members, because }) => [service, workload, members, because]),
      [
        ["site-a/traefik-public", "traefik", 1, "no node may have it"],
        ["site-a/traefik-private", "traefik", 1, "no node may have it"],
        ["site-a/cloudnative-pg", "operator", 1, "no node may have it"],
        ["site-a/cloudnative-pg", "cluster-main", 2, "no node may have it"],
        ["site-a/minio", "server", 2, "no node may have it"],
        ["site-a/vault", "server", 2, "no node may have it"],
      ],
    );
    const pods = await seenWith(case_);
    assert.deepEqual(disagreements(case_.plan, case_.budgets, pods), []);
    const reasons = pods.flatMap(({ because }) => because ?? []);
    assert.equal(reasons.length, 9);
    for (const reason of reasons) {
      assert.match(reason, /1 node\(s\) didn't match pod anti-affinity rules/);
      assert.match(reason, /1 node\(s\) had untolerated taint(\(s\)|s)? ?\{dedicated: cameras\}|untolerated taint/);
    }
  });

  it("wait for that reason where there is no room", async () => {
    const case_ = onAgents((agent) => ({ ...agent, memory: "2Gi" }));
    const pods = await seenWith(case_);
    const waiting = pods.filter(({ node }) => node === undefined);
    const memory = waiting.reduce((sum, { requests }) => sum + requests.memory, 0);
    const told = case_.without.reduce((sum, one) => sum + memoryOf(case_.plan, one), 0);
    assert.ok(told > 0 && waiting.length > 0, `${told} MiB are told, ${waiting.length} wait`);
    for (const { because = "" } of waiting) assert.match(because, /Insufficient memory/);
    // No kubelet is told to keep what the plan reserves for the system of each node; a gap may stay that no pod fits.
    const reserved = case_.budgets.nodes.filter(({ role }) => role === "agent").length * systemReserve.memory;
    assert.ok(told - memory >= 0 && told - memory <= reserved + 3 * 64, `${memory} MiB wait, and ${told} were told`);
  });
});

function memoryOf({ services, facts }: SitePlan, { service, workload, members }: Unschedulable): number {
  const plan = services.find(({ instance }) => `${facts.name}/${instance}` === service);
  const found = plan?.footprint.workloads.find(({ name }) => name === workload);
  return members * toMebibytes(found?.requests.memory ?? "0Mi");
}
