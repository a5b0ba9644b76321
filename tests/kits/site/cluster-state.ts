/** What the cluster of a site is, by etcd itself, the API and the hosts. */
import assert from "node:assert/strict";

import { until, type Host } from "../lab/hosts.ts";
import { patience, real } from "../k3s/k3s.ts";
import type { TestSite } from "./test-site.ts";

interface Condition {
  readonly type: string;
  readonly status: string;
}

export interface Node {
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly uid: string;
  };
  readonly spec: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  };
  readonly status: {
    readonly conditions?: readonly Condition[];
    readonly nodeInfo: { readonly kubeletVersion: string };
  };
}

/** A server of the site that is declared and can be reached. */
export function aServer(site: TestSite, but?: string): Host {
  const server = site.file.nodes.find(({ name, role }) => role === "server" && name !== but && site.host(name).running);
  if (server === undefined) throw new Error("no declared server runs");
  return site.host(server.name);
}

/** What a command on a server says of the cluster: etcd may be electing a leader, after a link came back for one. */
async function told(host: Host, command: string): Promise<string> {
  let out = "";
  const asked = async (): Promise<boolean> => {
    const { code, stdout } = await host.run(command);
    out = stdout;
    return code === 0;
  };
  await until(`${host.name} answers: ${command}`, asked, { timeoutMs: 30_000 * patience, everyMs: 500 }).catch(
    async () => {
      // The last time with its own words.
      out = await host.ok(command);
    },
  );
  return out;
}

/** etcd's own list, as names of nodes; a learner says so. */
export async function members(host: Host): Promise<readonly string[]> {
  const tls = "/var/lib/rancher/k3s/server/tls/etcd";
  const flags = `--endpoints https://127.0.0.1:2379 --cacert ${tls}/server-ca.crt --cert ${tls}/client.crt --key ${tls}/client.key`;
  const out = await told(host, `ETCDCTL_API=3 etcdctl ${flags} member list -w json`);
  const list = JSON.parse(out) as { members: readonly { readonly name: string; readonly isLearner?: boolean }[] };
  return list.members
    .map(({ name, isLearner }) => `${name.replace(/-[0-9a-f]+$/, "")}${isLearner === true ? " (learner)" : ""}`)
    .sort();
}

export async function nodes(host: Host): Promise<readonly Node[]> {
  const out = await told(host, "k3s kubectl --request-timeout=15s get nodes -o json");
  return (JSON.parse(out) as { items: readonly Node[] }).items;
}

export async function node(site: TestSite, name: string): Promise<Node> {
  const found = (await nodes(aServer(site))).find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`there is no node ${name}`);
  return found;
}

function problems(node: Node, role: "server" | "agent", version: string): readonly string[] {
  const is = (type: string): boolean =>
    node.status.conditions?.some((one) => one.type === type && one.status === "True") === true;
  const { name } = node.metadata;
  return [
    ...(is("Ready") ? [] : [`${name} is not Ready`]),
    ...(role === "agent" || is("EtcdIsVoter") ? [] : [`${name} is no voter`]),
    ...(node.spec.unschedulable === true ? [`${name} is cordoned`] : []),
    ...(node.status.nodeInfo.kubeletVersion === version ? [] : [`${name} has ${node.status.nodeInfo.kubeletVersion}`]),
  ];
}

/** Members, nodes, conditions and versions are as declared. Ready is allowed a moment: others hear of it a beat later. */
export async function assertConverged(site: TestSite): Promise<void> {
  const host = aServer(site);
  const declared = [...site.file.nodes].sort((a, b) => (a.name < b.name ? -1 : 1));
  const servers = declared.filter(({ role }) => role === "server").map(({ name }) => name);
  assert.deepEqual(await members(host), servers, "members of etcd");
  assert.deepEqual(
    (await nodes(host)).map(({ metadata }) => metadata.name).sort(),
    declared.map(({ name }) => name),
    "nodes of the cluster",
  );
  let wrong: readonly string[] = [];
  await until(
    "all nodes are well",
    async () => {
      const roles = new Map(declared.map(({ name, role }) => [name, role]));
      wrong = (await nodes(host)).flatMap((one) =>
        problems(one, roles.get(one.metadata.name) ?? "agent", site.declaredVersion),
      );
      return wrong.length === 0;
    },
    { timeoutMs: 20_000 * patience, everyMs: 500 },
  ).catch(() => {
    assert.deepEqual(wrong, []);
  });
}

/** How often k3s was started on each host since its disk is new. A real one may end by itself, and is started again. */
export async function starts(site: TestSite): Promise<Readonly<Record<string, number>>> {
  const running = site.lab.hosts.filter((host) => host.running);
  const counted = await Promise.all(
    running.map(async (host) => {
      const said = await host.run(
        "{ journalctl -u k3s --no-pager -o cat; journalctl -u k3s-agent --no-pager -o cat; } | grep -E '^(Starting|Scheduled) '",
      );
      const lines = said.stdout.split("\n");
      const count = (word: string): number => lines.filter((line) => line.startsWith(`${word} `)).length;
      return [host.name, count("Starting") - (real ? count("Scheduled") : 0)] as const;
    }),
  );
  return Object.fromEntries(counted);
}

/** Writes something to the cluster; returns when the API has acknowledged it. */
export async function write(host: Host, name: string): Promise<void> {
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "default" },
    data: { written: "yes" },
  };
  await host.ok("k3s kubectl apply -f -", { stdin: JSON.stringify(object) });
}

/** Names of what `write` wrote. */
export async function written(host: Host): Promise<readonly string[]> {
  const out = await host.ok("k3s kubectl get configmaps -n default -o jsonpath='{.items[*].metadata.name}'");
  return out
    .trim()
    .split(/\s+/)
    .filter((name) => name !== "" && name !== "kube-root-ca.crt")
    .sort();
}
