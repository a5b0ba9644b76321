import { stringify } from "yaml";

import { createLab, until } from "../../kits/lab/hosts.ts";
import type { Host, Lab, Ran } from "../../kits/lab/hosts.ts";
import { mirror, mirrorFolder } from "../../kits/k3s/k3s.ts";
import type { K3s } from "../../kits/k3s/k3s.ts";

export const SERVER_TOKEN = "correct-horse";
export const AGENT_TOKEN = "battery-staple";

/** A member as etcd lists it. */
export interface Member {
  readonly ID: number | string;
  readonly name: string;
  readonly isLearner?: boolean;
  readonly peerURLs: readonly string[];
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Hosts with a k3s to install, and the questions that tests ask of the cluster. */
export class TestCluster {
  readonly lab: Lab;
  readonly k3s: K3s;

  private constructor(lab: Lab, k3s: K3s) {
    this.lab = lab;
    this.k3s = k3s;
  }

  static async create(k3s: K3s, names: readonly string[]): Promise<TestCluster> {
    return new TestCluster(await createLab(names, mirror(k3s)), k3s);
  }

  host(name: string): Host {
    return this.lab.host(name);
  }

  url(name: string): string {
    return `https://${this.host(name).address}:6443`;
  }

  /** Writes the configuration and runs the installer without starting anything. */
  async install(name: string, role: "server" | "agent", config: Readonly<Record<string, unknown>>): Promise<void> {
    const host = this.host(name);
    const tokens = role === "server" ? { token: SERVER_TOKEN, "agent-token": AGENT_TOKEN } : { token: AGENT_TOKEN };
    await host.put("/etc/rancher/k3s/config.yaml", stringify({ ...tokens, ...this.k3s.config, ...config }), 0o600);
    const folder = mirrorFolder(this.k3s);
    await host.ok(`install -m 755 ${folder}/k3s /usr/local/bin/k3s`);
    await host.ok(
      `INSTALL_K3S_SKIP_DOWNLOAD=true INSTALL_K3S_SKIP_START=true INSTALL_K3S_EXEC=${role} ${folder}/install.sh`,
    );
  }

  /** Installs and starts without waiting. */
  async start(name: string, role: "server" | "agent", config: Readonly<Record<string, unknown>>): Promise<void> {
    await this.install(name, role, config);
    await this.host(name).ok(`systemctl restart --no-block ${unit(role)}`);
  }

  /** Installs, starts and waits until the node is Ready and, for a server, an etcd voter. */
  async join(name: string, role: "server" | "agent", config: Readonly<Record<string, unknown>>): Promise<void> {
    await this.start(name, role, config);
    await this.joined(name, role, role === "server" ? name : undefined);
  }

  async joined(name: string, role: "server" | "agent", asked?: string): Promise<void> {
    const types = role === "server" ? ["Ready", "EtcdIsVoter"] : ["Ready"];
    await until(
      `${name} is ${types.join(" and ")}`,
      async () => {
        const conditions = await this.conditions(name, asked);
        return types.every((type) => conditions.some((each) => each.type === type && each.status === "True"));
      },
      { timeoutMs: this.patience, everyMs: 300 },
    );
  }

  /** How long a thing may take: the real one starts containers, too. */
  get patience(): number {
    return this.k3s.real ? 420_000 : 60_000;
  }

  async kubectl(command: string, on = "s1"): Promise<Ran> {
    return await this.host(on).run(`k3s kubectl --request-timeout=15s ${command}`);
  }

  /** What its API says of itself to who has the administrator's certificate: `ok`, or what is not. */
  async readyz(on = "s1"): Promise<string> {
    const tls = "/var/lib/rancher/k3s/server/tls";
    const trust = `--cacert ${tls}/server-ca.crt --cert ${tls}/client-admin.crt --key ${tls}/client-admin.key`;
    return (await this.host(on).run(`curl -s --max-time 15 ${trust} https://127.0.0.1:6443/readyz`)).stdout;
  }

  async conditions(node: string, on = "s1"): Promise<readonly Condition[]> {
    const ran = await this.kubectl(`get node ${node} -o json`, on);
    if (ran.code !== 0) return [];
    const { status } = JSON.parse(ran.stdout) as { status?: { conditions?: readonly Condition[] } };
    return status?.conditions ?? [];
  }

  /** The members, by etcd itself, asked with the certificates that k3s keeps for its own client. */
  async members(on = "s1"): Promise<readonly Member[]> {
    const tls = "/var/lib/rancher/k3s/server/tls/etcd";
    const flags = `--endpoints https://127.0.0.1:2379 --cacert ${tls}/server-ca.crt --cert ${tls}/client.crt --key ${tls}/client.key`;
    const out = await this.host(on).ok(`ETCDCTL_API=3 etcdctl ${flags} member list -w json`);
    return (JSON.parse(out) as { members: readonly Member[] }).members;
  }

  async journal(name: string, role: "server" | "agent"): Promise<string> {
    return await this.host(name).ok(`journalctl -u ${unit(role)} -n 20000 --no-pager -o cat`);
  }

  /** Waits for a line in the journal and returns it. */
  async said(name: string, role: "server" | "agent", pattern: RegExp): Promise<string> {
    let line: string | undefined;
    await until(
      `${name} says ${String(pattern)}`,
      async () => {
        line = (await this.journal(name, role)).split("\n").find((each) => pattern.test(each));
        return line !== undefined;
      },
      { timeoutMs: this.patience, everyMs: 200 },
    );
    return line ?? "";
  }

  /** Stops k3s and removes its data, as a person does before a host joins anew; its node password stays. */
  async clear(name: string): Promise<void> {
    await this.host(name).ok(
      "systemctl stop k3s 2>/dev/null; systemctl stop k3s-agent 2>/dev/null; rm -rf /var/lib/rancher/k3s /etc/rancher/k3s",
    );
  }
}

function unit(role: "server" | "agent"): string {
  return role === "server" ? "k3s" : "k3s-agent";
}
