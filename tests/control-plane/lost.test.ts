import assert from "node:assert/strict";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { affectedBy } from "../../components/availability/answer/affected.ts";
import { indexFleet } from "../../components/availability/model/fleet-index.ts";
import { evictionSeconds, nodeNoticeSeconds } from "../../components/availability/model/timing.ts";
import { selects } from "../../cli/lib/charts/pods.ts";
import { nodesOf } from "../kits/control-plane/nodes.ts";
import { seen, type SeenPod } from "../kits/control-plane/placement.ts";
import { runSite, type RunningSite } from "../kits/control-plane/scheduled.ts";
import { freeAsLonghorn } from "../kits/control-plane/volumes.ts";
import { afterwards } from "../services/afterwards.ts";
import { fleet, requireAllParts, root } from "./default-stacks.ts";

const [plan] = fleet.sites;
assert.ok(plan !== undefined);

/** How many times sooner a loss is noticed and pods are evicted; with `--full` Kubernetes' own times, of which no flag says anything. */
const factor = process.env["ISTHMUS_FULL"] === "1" ? 1 : 5;
const clocks = {
  apiServerArguments: [
    `default-not-ready-toleration-seconds=${evictionSeconds / factor}`,
    `default-unreachable-toleration-seconds=${evictionSeconds / factor}`,
  ],
  controllerManagerArguments: [`node-monitor-grace-period=${nodeNoticeSeconds / factor}s`, "node-monitor-period=1s"],
  leaseSeconds: 40 / factor,
};

const lost = "k3s-a-agent-1";

interface Expected {
  readonly id: string;
  readonly pods: (all: readonly SeenPod[]) => readonly SeenPod[];
  /** Absent: it moves. */
  readonly stuck?: string | undefined;
}

/** What the plan says of each workload that is not on every node. */
function expectations(): readonly Expected[] {
  const affected = affectedBy(indexFleet(fleet.footprint), { kind: "node", site: "site-a", node: lost });
  return (plan?.services ?? []).flatMap(({ instance, namespace, footprint }) =>
    footprint.workloads
      .filter(({ members }) => "perSite" in members)
      .map((workload): Expected => {
        const own = affected.find(
          (one) => one.workload.workload.name === workload.name && one.workload.workload.selector === workload.selector,
        );
        assert.ok(own !== undefined, `${instance}/${workload.name} is not in the index`);
        return {
          id: `${instance}/${workload.name}`,
          stuck: own.stuck,
          pods: (all) =>
            all.filter((pod) => pod.namespace === namespace && selects({ matchLabels: workload.selector }, pod.labels)),
        };
      }),
  );
}

describe("the loss of an agent", function () {
  this.timeout(900_000);
  const undo = afterwards(this);
  let site: RunningSite;

  before(async function () {
    const asked = { fleet, plan, root, nodes: nodesOf(plan, lost), ...(factor === 1 ? {} : { clocks }) };
    site = await runSite(requireAllParts(this), asked);
    undo(() => site.stop());
  });

  it("moves what the plan calls moved, in the time that it says, and leaves stuck what it calls stuck", async () => {
    const { api } = site.cluster;
    const workloads = expectations();
    const before = await site.settled();
    const here = (pods: readonly SeenPod[]): readonly SeenPod[] => pods.filter(({ node }) => node === lost);
    const hit = workloads.filter(({ pods }) => here(pods(before)).length > 0);
    assert.ok(hit.some(({ stuck }) => stuck === undefined) && hit.some(({ stuck }) => stuck !== undefined));
    await site.cluster.lose();
    const begun = Date.now();
    const moved = new Map<string, number>();
    const due = (nodeNoticeSeconds + evictionSeconds) / factor;
    while (Date.now() - begun < (due + 25) * 1000) {
      await freeAsLonghorn(api, lost);
      const pods = (await api.list({ apiVersion: "v1", kind: "Pod" })).map(seen);
      for (const { id, pods: of } of hit) {
        const elsewhere = of(pods).filter(
          ({ node, leaving }) => node !== undefined && node !== lost && !leaving,
        ).length;
        if (elsewhere === of(before).length && !moved.has(id)) moved.set(id, (Date.now() - begun) / 1000);
      }
      await sleep(1000);
    }
    const expected = hit.filter(({ stuck }) => stuck === undefined).map(({ id }) => id);
    assert.deepEqual([...moved.keys()].sort(), expected.toSorted());
    // A heartbeat may be as old as a lease's renewal when the node is lost; who looks after nodes does so every few seconds.
    for (const [id, seconds] of moved)
      assert.ok(seconds > due - 5 - 10 / factor && seconds < due + 20, `${id} after ${seconds} s, not ${due}`);
  });
});
