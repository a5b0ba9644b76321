import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { k3sSettings, planCluster, plannedNodes, registrationFile, type HostFile, type NodePlan } from "@isthmus/k3s";
import { execa } from "execa";
import type { TestSite } from "../../../tests/kits/site/test-site.ts";

/** How long the joins took, in seconds. */
export interface Joins {
  readonly seconds: number;
  /** Of each node by itself, in the order in which they ended. */
  readonly nodes: Readonly<Record<string, number>>;
}

const script = fileURLToPath(new URL("plain-joins.sh", import.meta.url));
const tokens = { server: "plain-server-token", agent: "plain-agent-token" };

/** Makes the cluster that the site declares with the plain script: same binary, same configuration, same condition. */
export async function plainJoins(site: TestSite): Promise<Joins> {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-plain-"));
  try {
    const settings = k3sSettings.parse(site.file.settings);
    const nodes = plannedNodes(planCluster({ ...site.file, settings }));
    for (const node of nodes) writeFiles(join(folder, node.node.name), filesOf(site, node));
    writeAccess(folder, site);
    const started = performance.now();
    const source = `${settings.source.folder ?? ""}/${settings.version}`;
    const ran = await execa("bash", [script, folder, source], { stdin: "ignore", reject: false });
    const seconds = (performance.now() - started) / 1000;
    if (ran.exitCode !== 0) throw new Error(`the plain script failed:\n${ran.stderr}`);
    const joined = ran.stdout.split("\n").map((line) => line.split(" "));
    return {
      seconds,
      nodes: Object.fromEntries(joined.map(([name = "", milliseconds]) => [name, Number(milliseconds) / 1000])),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What our scripts write from their secrets: tokens, and where to join. */
function filesOf(site: TestSite, { node, files }: NodePlan): readonly HostFile[] {
  const [first] = site.file.nodes;
  const { api } = site.file.settings;
  const etc = "/etc/rancher/k3s";
  const server = node.role === "server";
  const join =
    node.name === first?.name
      ? "cluster-init: true\n"
      : `server: https://${server ? (first?.address ?? "") : api.address}:6443\n`;
  const secret = (path: string, content: string): HostFile => ({ path, mode: "0600", content, restarts: true });
  return [
    ...files,
    registrationFile(node, "0123456789abcdef"),
    secret(`${etc}/config.yaml.d/10-join.yaml`, join),
    secret(`${etc}/token`, server ? tokens.server : tokens.agent),
    ...(server ? [secret(`${etc}/agent-token`, tokens.agent)] : []),
  ];
}

function writeFiles(folder: string, files: readonly HostFile[]): void {
  for (const { path, mode, content } of files) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
    writeFileSync(target, content, { mode: Number.parseInt(mode, 8) });
  }
}

function writeAccess(folder: string, site: TestSite): void {
  const nodes = site.file.nodes.map(({ name, role, address }) => `${name} ${role} ${address}\n`);
  const keys = site.lab.hosts.map(({ connection }) => `${connection.host} ${connection.hostKey}\n`);
  writeFileSync(join(folder, "nodes"), nodes.join(""));
  writeFileSync(join(folder, "known_hosts"), keys.join(""));
  writeFileSync(join(folder, "key"), site.file.privateKey, { mode: 0o600 });
}
