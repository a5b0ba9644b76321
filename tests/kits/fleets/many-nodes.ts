/** A cluster of many nodes: the real engine and real SSH, to hosts that only note who came. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { K3sNode } from "@isthmus/k3s";
import type { ClusterFile, Machine } from "../site/program/index.ts";
import { Fleet, must, type Run } from "../engine/harness.ts";
import { SshHosts, type HostSession } from "./ssh-hosts.ts";

const serverCount = 3;
const sum = "0".repeat(64);

export interface ManyNodesRun {
  readonly run: Run;
  readonly sessions: readonly HostSession[];
}

export class ManyNodes {
  readonly hosts: SshHosts;
  readonly fleet: Fleet;
  readonly #folder = mkdtempSync(join(tmpdir(), "isthmus-many-"));
  readonly #nodes: Map<string, K3sNode>;
  #declared: readonly string[];

  /** `nodes` of them are declared at first; agents have the names `agent-1` … */
  static async create(nodes: number, spare: number): Promise<ManyNodes> {
    const all = Array.from({ length: nodes + spare }, (_, index) => nodeNumber(index));
    const hosts = await SshHosts.start(
      all.map(({ name }) => name),
      { "kubeconfig.sh": "apiVersion: v1\n", "install-server.sh": "K10abc\n" },
    );
    const many = new ManyNodes(hosts, all, nodes);
    await many.fleet.stack("site-a").init();
    return many;
  }

  private constructor(hosts: SshHosts, all: readonly K3sNode[], declared: number) {
    this.hosts = hosts;
    this.#nodes = new Map(all.map((node) => [node.name, node]));
    this.#declared = all.slice(0, declared).map(({ name }) => name);
    this.fleet = Fleet.create({
      program: join(import.meta.dirname, "../site/program"),
      executor: join(import.meta.dirname, "../site/ssh-executor.ts"),
      env: { ISTHMUS_TEST_CLUSTER: join(this.#folder, "cluster.json") },
    });
  }

  add(name: string): void {
    this.#declared = [...this.#declared, name];
  }

  remove(name: string): void {
    this.#declared = this.#declared.filter((one) => one !== name);
  }

  /** A run that has to succeed, with the sessions that the hosts saw. */
  async up(): Promise<ManyNodesRun> {
    writeFileSync(join(this.#folder, "cluster.json"), JSON.stringify(this.#file()));
    this.hosts.takeSessions();
    const run = must(await this.fleet.stack("site-a").up());
    return { run, sessions: this.hosts.takeSessions() };
  }

  dispose(): void {
    this.hosts.close();
    this.fleet.dispose();
    rmSync(this.#folder, { recursive: true });
  }

  #file(): ClusterFile {
    const machines = [...this.#nodes.keys()].map((name): [string, Machine] => {
      const { port, hostKey } = this.hosts.host(name);
      return [name, { name, address: "127.0.0.1", port, user: "root", hostKey, machineId: `machine of ${name}` }];
    });
    return {
      name: "site-a-k3s",
      nodes: this.#declared.flatMap((name) => this.#nodes.get(name) ?? []),
      settings: {
        version: "v1.34.3+k3s1",
        checksums: { installer: sum, amd64: { binary: sum } },
        api: { kind: "kube-vip", address: "10.0.20.10" },
      },
      machines: Object.fromEntries(machines),
      privateKey: this.hosts.privateKey,
    };
  }
}

function nodeNumber(index: number): K3sNode {
  const server = index < serverCount;
  const name = server ? `server-${index + 1}` : `agent-${index + 1 - serverCount}`;
  return { name, role: server ? "server" : "agent", address: `10.0.21.${index + 1}`, labels: {}, taints: [] };
}
