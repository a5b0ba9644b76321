/** What is done to a cluster that lives: the table of capabilities. Their steps are read from the scripts. */
import assert from "node:assert/strict";

import { keptServerTokens, scripts } from "@isthmus/k3s";
import type { Script } from "@isthmus/remote/script";
import type { Host } from "../../kits/lab/hosts.ts";
import { deployed } from "./deployed.ts";
import { allStepsOf } from "./steps.ts";
import type { TestSite } from "../../kits/site/test-site.ts";

/** What is brought up once for all capabilities of it. */
export const clusters = {
  "three servers": {
    nodes: ["server-1", "server-2", "server-3"],
    spare: ["agent-1"],
    // From the second generation on, every rotation is an update of the same resources.
    settings: { tokens: { generation: 2 } },
  },
  "a server and an agent": { nodes: ["server-1", "agent-1"], spare: [], settings: {} },
} as const;

export type ClusterName = keyof typeof clusters;

export interface Capability {
  readonly name: string;
  readonly cluster: ClusterName;
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
  /** In whose name a run that dies when all is done may still hold the lease of who is away. */
  readonly lease?: string;
  /** k3s on that node ends by itself, and starts again, until it has heard of what was done while it was off. */
  readonly endsUntilItHears?: boolean;
  /** What else has to be true afterwards. */
  readonly holds?: (site: TestSite) => Promise<void>;
}

const drains = ["cordon", "drain"];
const guard = "see that a majority of voters stays";
// The first server of an upgrade takes it; where these faults strike, it has been taken.
const beforeUpgrade = "take a snapshot before the upgrade";
const rotation = "wait until etcd has the new token here";
const eachServer = { "server-1": 1, "server-2": 1, "server-3": 1 };

const rotated = {
  cluster: "three servers",
  change: (site: TestSite): void => {
    site.set({ tokens: { generation: generationOf(site) + 1 } });
  },
  skips: [],
  method: "update",
  starts: eachServer,
  finished: [],
  holds: haveTheTokenOfToday,
} as const satisfies Partial<Capability>;

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
  { name: "the first server replaced", ...replaced("server-1"), finished: ["server-2", "server-3"] },
  { name: "another server replaced", ...replaced("server-3"), finished: ["server-1", "server-2"] },
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
    lease: "server-3",
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
    lease: "server-3",
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
    lease: "server-3",
  },
  {
    name: "labels and taints",
    cluster: "three servers",
    change: (site, time) => {
      site.edit("server-2", { labels: { [`of-time-${String(time)}`]: "yes" } });
    },
    script: scripts.membership,
    on: "server-1",
    skips: ["drain *", "remove *"],
    resource: "membership",
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
  {
    name: "the next token laid ready",
    ...rotated,
    script: scripts.nextToken,
    on: "server-2",
    resource: "next-token-server-2",
    endsUntilItHears: true,
  },
  {
    name: "the server token rotated",
    ...rotated,
    script: scripts.rotateToken,
    on: "server-1",
    resource: "token-rotation",
    lease: "token-rotation",
  },
];

type Row = Omit<Capability, "name">;

/** Another machine of that name. */
function replaced(server: string): Omit<Row, "finished"> {
  return {
    cluster: "three servers",
    change: (site) => site.replace(server),
    script: scripts.installServer,
    on: server,
    skips: [...drains, guard, beforeUpgrade, rotation],
    resource: server,
    method: "create",
    starts: { [server]: 1 },
  };
}

export function stepsTaken({ script, skips }: Capability): readonly string[] {
  return allStepsOf(script).filter((step) => !skips.includes(step));
}

function reconfigure(site: TestSite, time: number): void {
  site.set({ kubeletArguments: [`max-pods=${String(100 + time)}`] });
}

export const firstPatch = 3;
export const versionOf = (patch: number): string => `v1.34.${String(patch)}+k3s1`;

function upgrade(site: TestSite): void {
  const patch = Number(/^v1\.34\.(\d+)/.exec(site.declaredVersion)?.[1]);
  site.version(versionOf(patch + 1));
}

const generationOf = ({ file }: TestSite): number => file.settings.tokens?.generation ?? 1;

/** The servers run with it, and let nobody in any more who has the one from before. */
async function haveTheTokenOfToday(site: TestSite): Promise<void> {
  const [today, before] = keptServerTokens((await deployed(site)).access);
  for (const { name } of site.file.nodes) {
    const host = site.host(name);
    const here = await host.ok("sed 's/^K10[0-9a-f]*::server://' /var/lib/rancher/k3s/server/token");
    assert.equal(here.trim(), today, `the token of ${name}`);
    assert.deepEqual(await Promise.all([answerTo(host, today), answerTo(host, before)]), ["200", "401"], name);
    assert.equal((await host.run("ls /etc/rancher/k3s/token.next")).stdout, "", `what lay ready on ${name}`);
  }
}

/** What is answered to a server that asks with this token for what servers share. */
async function answerTo(host: Host, token: string | undefined): Promise<string> {
  const ask = "curl -sk -o /dev/null -w '%{http_code}' -K - https://127.0.0.1:6443/v1-k3s/server-bootstrap";
  return await host.ok(ask, { stdin: `user = "server:${token ?? ""}"` });
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
