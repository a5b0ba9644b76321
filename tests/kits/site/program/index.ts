import "../../../../program/start.ts";
import { readFileSync } from "node:fs";
import process from "node:process";

import { clusterUpkeep, k3sSettings, type K3sNode, type K3sSettingsInput } from "@isthmus/k3s";
import { K3sCluster } from "@isthmus/k3s/components";
import { getStack, secret } from "@pulumi/pulumi";
import { readStack } from "../../../../program/peers.ts";

/** What a test says of its cluster. */
export interface ClusterFile {
  readonly name: string;
  readonly nodes: readonly K3sNode[];
  readonly settings: K3sSettingsInput;
  readonly machines: Readonly<Record<string, Machine>>;
  readonly privateKey: string;
  readonly tokens?: { readonly server: string; readonly agent: string };
  readonly snapshotKeys?: { readonly accessKey: string; readonly secretKey: string };
  /** Passwords at registries, by the name of the secret. */
  readonly secrets?: Readonly<Record<string, string>>;
}

export interface Machine {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
  readonly machineId: string;
}

/** One cluster, and what its next run begins with. */
export default async function program() {
  const file = JSON.parse(readFileSync(process.env["ISTHMUS_TEST_CLUSTER"] ?? "", "utf8")) as ClusterFile;
  const { name, nodes, machines, tokens, snapshotKeys, secrets = {} } = file;
  const settings = k3sSettings.parse(file.settings);
  const registryLogins = Object.fromEntries(
    Object.entries(settings.registries.logins).map(([registry, { username, password }]) => [
      registry,
      secret({ username, password: secrets[password] ?? "" }),
    ]),
  );
  const own = await readStack(getStack());
  const cluster = new K3sCluster(name, {
    name,
    nodes,
    settings,
    machines,
    privateKey: secret(file.privateKey),
    ...(tokens === undefined ? {} : { tokens: { server: secret(tokens.server), agent: secret(tokens.agent) } }),
    ...(snapshotKeys === undefined
      ? {}
      : { snapshotKeys: { accessKey: snapshotKeys.accessKey, secretKey: secret(snapshotKeys.secretKey) } }),
    registryLogins,
    before: clusterUpkeep.safeParse("outputs" in own ? own.outputs["clusterUpkeep"] : undefined).data,
  });
  return { kubeconfig: secret(cluster.kubeconfig), clusterAccess: cluster.access, clusterUpkeep: cluster.upkeep };
}
