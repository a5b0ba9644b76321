import assert from "node:assert/strict";
import { textAt } from "../../cli/lib/charts/kubernetes.ts";
import { disagreements } from "../kits/control-plane/placement.ts";
import type { RunningSite } from "../kits/control-plane/scheduled.ts";
import { inOrder } from "../kits/in-order.ts";
import { afterwards } from "../services/afterwards.ts";
import { budgets, fleet, runDefaultSite } from "./default-stacks.ts";

for (const plan of fleet.sites) {
  describe(`pods of ${plan.facts.name}, on nodes as they are declared`, function () {
    this.timeout(300_000);
    inOrder(this);
    const undo = afterwards(this);
    let site: RunningSite;
    const found = async (): Promise<string> => disagreements(plan, budgets, await site.settled()).join("\n");

    before(async function () {
      site = await runDefaultSite(this, plan);
      undo(() => site.stop());
    });

    it("are where the plan says that they may be, as many, and ask for what it counts", async () => {
      const pods = await site.settled();
      const stated = budgets.sites.find((one) => one.site === plan.facts.name)?.requested.pods ?? 0;
      const own = pods.filter(({ namespace }) => namespace !== "kube-system");
      assert.ok(own.length >= 50, `${own.length} pods`);
      assert.equal(own.length, stated);
      assert.deepEqual(disagreements(plan, budgets, pods), []);
    });

    if (plan !== fleet.sites[0]) return;

    // What is planted is a pod or a node that is otherwise than the plan states it.
    it("are missed where they lack a toleration that is stated", async () => {
      await change(
        site,
        { kind: "DaemonSet", namespace: "metallb", name: "metallb-speaker" },
        { template: { spec: { tolerations: null } } },
      );
      assert.match(await found(), /^metallb\/speaker: 3 of 6 are on nodes$/m);
    });

    it("are found together where they attract one another, and are stated to keep apart", async () => {
      const labels = { "app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": "traefik-public" };
      const term = { labelSelector: { matchLabels: labels }, topologyKey: "kubernetes.io/hostname" };
      const affinity = {
        podAntiAffinity: null,
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
      };
      const traefik = { kind: "Deployment", namespace: "traefik-public", name: "traefik-public" };
      // Those of before would keep the new ones away.
      await change(site, traefik, { replicas: 0 });
      await site.settled();
      await change(site, traefik, { replicas: 2, template: { spec: { affinity } } });
      assert.match(await found(), /^traefik-public\/traefik: several are on k3s-a-agent-\d, and are to keep apart$/m);
    });

    it("wait where a node has less memory than is stated", async () => {
      const { api } = site.cluster;
      const small = "k3s-a-agent-3";
      const status = { allocatable: { memory: "1Gi" }, capacity: { memory: "1Gi" } };
      await api.merge({ apiVersion: "v1", kind: "Node", metadata: { name: small } }, { status }, "/status");
      for (const pod of await api.list({ apiVersion: "v1", kind: "Pod" })) {
        if (textAt(pod, "spec", "nodeName") === small) await api.remove(pod);
      }
      assert.match(
        await found(),
        /^vault\/server: 2 of 3 are on nodes: 0\/6 nodes are available: .*Insufficient memory/m,
      );
    });
  });
}

interface Controller {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

async function change({ cluster }: RunningSite, { kind, namespace, name }: Controller, spec: object): Promise<void> {
  await cluster.api.merge({ apiVersion: "apps/v1", kind, metadata: { name, namespace } }, { spec });
}
