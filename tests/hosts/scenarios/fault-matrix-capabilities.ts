/** What is done to a cluster that lives: the table of capabilities. Their steps are read from the scripts. */
import { scripts } from "@isthmus/k3s";
import type { Script } from "@isthmus/remote/script";
import { allStepsOf } from "./steps.ts";
import type { TestSite } from "./test-site.ts";

export interface Capability {
  readonly name: string;
  readonly cluster: "three servers" | "a server and an agent";
  /** Nodes that have to be there beforehand, besides its servers. */
  readonly needs?: readonly string[];
  /** What a person edits; `time` differs from one change to the next. */
  readonly change: (site: TestSite, time: number) => Promise<void> | void;
  /** What does it, on which node, and the steps that this change does not take. */
  readonly script: Script;
  readonly on: string;
  readonly skips: readonly string[];
  /** The resource whose work it is, and whether it is made anew for that. */
  readonly resource: string;
  readonly method: "create" | "update";
  /** How often the change starts k3s on each node. */
  readonly starts: Readonly<Record<string, number>>;
  /** Nodes that the second run has no business on, as the first had done with them. */
  readonly finished: readonly string[];
}

const drains = ["cordon", "drain"];
const guard = "see that a majority of voters stays";
// The first server of an upgrade takes it; where these faults strike, it has been taken.
const beforeUpgrade = "take a snapshot before the upgrade";
const rotation = "wait until etcd has the new token here";
const eachServer = { "server-1": 1, "server-2": 1, "server-3": 1 };

export const capabilities: readonly Capability[] = [
  {
    name: "a change of configuration",
    cluster: "three servers",
    change: reconfigure,
    script: scripts.installServer,
    on: "server-2",
    skips: [...drains, beforeUpgrade, rotation],
    resource: "server-2",
    method: "update",
    starts: eachServer,
    finished: ["server-1"],
  },
  {
    name: "an upgrade",
    cluster: "three servers",
    change: upgrade,
    script: scripts.installServer,
    on: "server-2",
    skips: [beforeUpgrade, rotation],
    resource: "server-2",
    method: "update",
    starts: eachServer,
    finished: ["server-1"],
  },
  {
    name: "the first server replaced",
    cluster: "three servers",
    change: (site) => site.replace("server-1"),
    script: scripts.installServer,
    on: "server-1",
    skips: [...drains, guard, beforeUpgrade, rotation],
    resource: "server-1",
    method: "create",
    starts: { "server-1": 1 },
    finished: ["server-2", "server-3"],
  },
  {
    name: "another server replaced",
    cluster: "three servers",
    change: (site) => site.replace("server-3"),
    script: scripts.installServer,
    on: "server-3",
    skips: [...drains, guard, beforeUpgrade, rotation],
    resource: "server-3",
    method: "create",
    starts: { "server-3": 1 },
    finished: ["server-1", "server-2"],
  },
  {
    name: "what is kept of a replaced server forgotten",
    cluster: "three servers",
    change: (site) => site.replace("server-3"),
    script: scripts.admission,
    on: "server-1",
    skips: ["drain *"],
    resource: "admission",
    method: "update",
    starts: { "server-3": 1 },
    finished: ["server-2"],
  },
  {
    name: "an agent removed",
    cluster: "three servers",
    needs: ["agent-1"],
    change: (site) => {
      site.remove("agent-1");
    },
    script: scripts.membership,
    on: "server-1",
    skips: [],
    resource: "membership",
    method: "update",
    starts: {},
    finished: ["server-2", "server-3"],
  },
  {
    name: "a dead agent removed",
    cluster: "three servers",
    needs: ["agent-1"],
    change: (site) => dead(site, "agent-1"),
    script: scripts.membership,
    on: "server-1",
    skips: ["drain *"],
    resource: "membership",
    method: "update",
    starts: {},
    finished: ["server-2", "server-3"],
  },
  {
    name: "a server removed",
    cluster: "three servers",
    change: (site) => {
      site.remove("server-3");
    },
    script: scripts.membership,
    on: "server-1",
    skips: [],
    resource: "membership",
    method: "update",
    starts: {},
    finished: ["server-2"],
  },
  {
    name: "a dead server removed",
    cluster: "three servers",
    change: (site) => dead(site, "server-3"),
    script: scripts.membership,
    on: "server-1",
    skips: ["drain *"],
    resource: "membership",
    method: "update",
    starts: {},
    finished: ["server-2"],
  },
  {
    name: "labels and taints",
    cluster: "three servers",
    change: (site, time) => {
      site.edit("server-2", { labels: { [`of-time-${String(time)}`]: "yes" } });
    },
    script: scripts.labels,
    on: "server-1",
    skips: [],
    resource: "labels",
    method: "update",
    starts: {},
    finished: ["server-3"],
  },
  {
    name: "a change of an agent's configuration",
    cluster: "a server and an agent",
    change: reconfigure,
    script: scripts.installAgent,
    on: "agent-1",
    skips: [...drains, guard],
    resource: "agent-1",
    method: "update",
    starts: { "server-1": 1, "agent-1": 1 },
    finished: ["server-1"],
  },
  {
    name: "an agent's upgrade",
    cluster: "a server and an agent",
    change: upgrade,
    script: scripts.installAgent,
    on: "agent-1",
    skips: [guard],
    resource: "agent-1",
    method: "update",
    starts: { "server-1": 1, "agent-1": 1 },
    finished: ["server-1"],
  },
  {
    name: "an agent replaced",
    cluster: "a server and an agent",
    change: (site) => site.replace("agent-1"),
    script: scripts.installAgent,
    on: "agent-1",
    skips: [...drains, guard],
    resource: "agent-1",
    method: "create",
    starts: { "agent-1": 1 },
    finished: ["server-1"],
  },
];

export function stepsTaken({ script, skips }: Capability): readonly string[] {
  return allStepsOf(script).filter((step) => !skips.includes(step));
}

function reconfigure(site: TestSite, time: number): void {
  site.set({ kubeletArguments: [`max-pods=${String(100 + time)}`] });
}

export const firstPatch = 3;
export const versionOf = (patch: number): string => `v1.34.${String(patch)}+k3s1`;

function upgrade(site: TestSite): void {
  const patch = Number(/^v1\.34\.(\d+)/.exec(site.file.settings.version)?.[1]);
  site.version(versionOf(patch + 1));
}

/** Nodes that are not there come back, on other machines. */
export async function complete(site: TestSite, names: readonly string[]): Promise<void> {
  const missing = names.filter((name) => !site.file.nodes.some((node) => node.name === name));
  for (const name of missing) {
    await site.replace(name);
    site.add(name);
  }
  if (missing.length > 0) await site.goesUp();
}

async function dead(site: TestSite, name: string): Promise<void> {
  await site.host(name).powerOff();
  site.remove(name);
}
