/** What has to be true of a cluster after a fault and a second run. */
import assert from "node:assert/strict";

import { clusterAccess, k3sSettings, planCluster } from "@isthmus/k3s";
import { lookAtCluster } from "../../../cli/lib/cluster/look.ts";
import { withMachinesInState } from "../../../cli/lib/cluster/machines-in-state.ts";
import { parseCheckpoint } from "../../../cli/lib/pulumi/checkpoint.ts";
import { aServer, assertConverged } from "../../kits/site/cluster-state.ts";
import type { Capability } from "./fault-matrix-capabilities.ts";
import type { SiteRun, TestSite } from "../../kits/site/test-site.ts";

/** No server is taken for being worked on any more: the next restart of another one would be refused. */
export async function assertNobodyAway(site: TestSite): Promise<void> {
  const lease = "-n kube-system get lease isthmus-maintenance --ignore-not-found";
  const holder = await aServer(site).ok(`k3s kubectl ${lease} -o 'jsonpath={.spec.holderIdentity}'`);
  assert.equal(holder, "", "who holds the lease");
}

/** Nodes Ready, etcd's members those declared and all voters, nobody cordoned; files, labels, service and version true. */
export async function assertAsDeclared(site: TestSite): Promise<void> {
  await assertConverged(site);
  await assertNobodyAway(site);
  const { name, nodes, settings } = site.file;
  const outputs = await site.stack.outputs({ secrets: true });
  const exported = await site.fleet.pulumi(["stack", "export", "--show-secrets", "--stack", site.stack.name]);
  const state = parseCheckpoint(exported.stdout, "the state");
  const report = await lookAtCluster({
    plan: planCluster({ name, nodes, settings: k3sSettings.parse(settings) }),
    access: withMachinesInState(clusterAccess.parse(outputs["clusterAccess"]), state),
  });
  assert.deepEqual(
    [...report.drift, ...report.nodes.flatMap(({ node, drift }) => drift.map((one) => `${node}: ${one}`))],
    [],
  );
}

/** k3s was started as often as the change needs and the fault allows, and no more. */
export async function assertStarts(site: TestSite, before: Starts, needed: Needed): Promise<void> {
  const now = await countStarts(site);
  for (const { name } of site.file.nodes) {
    const least = needed.starts[name] ?? 0;
    const most = least + (name === needed.struck ? needed.extra : 0);
    const count = (now[name]?.asked ?? 0) - (before[name]?.asked ?? 0);
    const said = `k3s on ${name} was started ${String(count)} times, and ${String(least)} to ${String(most)} are needed`;
    assert.ok(count >= least && count <= most, said);
    const again = (now[name]?.again ?? 0) - (before[name]?.again ?? 0);
    const mayFail = name === needed.struck && needed.mayFail;
    assert.ok(again === 0 || mayFail, `k3s on ${name} ended, and systemd started it again ${String(again)} times`);
  }
}

interface Needed {
  /** By what the change needs. */
  readonly starts: Readonly<Record<string, number>>;
  /** By the fault, on this node. */
  readonly struck: string;
  readonly extra: number;
  /** Whether k3s may end by itself there, as one does that cannot reach whom it joins. */
  readonly mayFail: boolean;
}

type Starts = Readonly<Record<string, { readonly asked: number; readonly again: number }>>;

/** How often k3s was started on each host since its disk is new: as somebody asked for it, and by systemd after it had ended. */
export async function countStarts(site: TestSite): Promise<Starts> {
  const running = site.lab.hosts.filter((host) => host.running);
  const counted = await Promise.all(
    running.map(async (host) => {
      const lines = "{ journalctl -u k3s --no-pager -o cat; journalctl -u k3s-agent --no-pager -o cat; }";
      const said = await host.run(
        `${lines} | awk '/^Starting /{n++} /^Scheduled restart job/{m++} END{print n+0, m+0}'`,
      );
      const [all = 0, again = 0] = said.stdout.trim().split(" ").map(Number);
      return [host.name, { asked: all - again, again }] as const;
    }),
  );
  return Object.fromEntries(counted);
}

/** Nodes that the first run had done with are not worked on by the second. */
export function assertNothingTwice(site: TestSite, again: SiteRun, { finished }: Capability): void {
  const addresses = new Map(finished.map((name) => [site.host(name).address, name]));
  const repeated = again.sessions.filter(({ host, script }) => script.startsWith("install-") && addresses.has(host));
  assert.deepEqual(
    repeated.map(({ host, script }) => `${script} on ${addresses.get(host) ?? host}`),
    [],
  );
}

/** When the binary of the declared version came to the host; undefined where it did not yet. */
export async function installedAt(site: TestSite, name: string): Promise<string | undefined> {
  const said = await site.host(name).run("k3s --version && stat -c %y /usr/local/bin/k3s");
  return said.code === 0 && said.stdout.includes(` ${site.file.settings.version} `) ? said.stdout : undefined;
}
