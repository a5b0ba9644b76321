import process from "node:process";
import { TestSite, versions } from "../../../tests/kits/site/test-site.ts";
import { k3sUnderTest, standIn, type K3s } from "../../../tests/kits/k3s/k3s.ts";

export const nodes = ["server-1", "server-2", "server-3", "agent-1", "agent-2", "agent-3"] as const;

/**
 * The stand-in at the pace of a real k3s, in seconds. Three real servers were up after 7, 26 and 26: a node registers a
 * while after its start, a learner is promoted when it has caught up. A real one looks at learners every 15 s; here each
 * is promoted in its own time, so that no second of ours hides in that grid.
 */
export const pace = {
  K3S_STANDIN_START: 4,
  K3S_STANDIN_LEARNING: 18,
  K3S_STANDIN_HEARTBEAT: 10,
  K3S_STANDIN_NODE_GRACE: 40,
} as const;

export interface BenchSite {
  readonly site: TestSite;
  readonly k3s: K3s;
}

/** Hosts for three servers and three agents, with the k3s that K3S_BIN names or the stand-in. */
export async function createSite(): Promise<BenchSite> {
  const k3s = process.env["K3S_BIN"] === undefined ? await standIn(versions.first) : await k3sUnderTest();
  const site = await TestSite.create({
    nodes,
    k3s: [k3s],
    pace,
    settings: { waitSeconds: 300, ...(k3s.real ? onTestHosts(k3s) : {}) },
  });
  return { site, k3s };
}

/** All machines anew, and a state that knows nothing. */
export async function startOver(site: TestSite): Promise<void> {
  await Promise.all(site.lab.hosts.map(({ name }) => site.replace(name)));
  await site.fleet.pulumi(["stack", "rm", "--yes", "--force", "--stack", site.stack.name]);
  await site.stack.init();
}

function onTestHosts({ config }: K3s) {
  return {
    kubeletArguments: config["kubelet-arg"] as string[],
    snapshotter: config["snapshotter"] as "native",
  };
}
