import type { K3sNode } from "./plan/node.ts";
import { k3sSettings, type K3sSettings, type K3sSettingsInput } from "./settings/schema.ts";

/** Settings as a user would write the shortest of them. */
export const shortest: K3sSettingsInput = {
  version: "v1.34.3+k3s1",
  checksums: { arm64: { binary: "c".repeat(64) } },
  api: { kind: "kube-vip", address: "10.0.20.10" },
};

export function settingsOf(changes: Partial<K3sSettingsInput> = {}): K3sSettings {
  return k3sSettings.parse({ ...shortest, ...changes });
}

/** What is wrong with the shortest settings after a change, as `path: message`. */
export function settingsProblems(changes: Record<string, unknown>): string[] {
  const result = k3sSettings.safeParse({ ...shortest, ...changes });
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

const controlPlane = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" } as const;

export function serverNode(number: number): K3sNode {
  return {
    name: `server-${String(number)}`,
    role: "server",
    address: `10.0.20.1${String(number)}`,
    architecture: "amd64",
    labels: { "topology.kubernetes.io/zone": `pve-${String(number)}` },
    taints: [controlPlane],
  };
}

export function agentNode(number: number): K3sNode {
  return {
    name: `agent-${String(number)}`,
    role: "agent",
    address: `10.0.20.2${String(number)}`,
    architecture: "arm64",
    labels: { "topology.kubernetes.io/zone": `pve-${String(number)}`, storage: "ssd" },
    taints: [],
  };
}

/** Three servers and three agents. */
export const sixNodes: readonly K3sNode[] = [1, 2, 3].map(serverNode).concat([1, 2, 3].map(agentNode));
