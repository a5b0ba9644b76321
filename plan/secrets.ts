import { referencesIn, unique } from "@isthmus/core";
import type { SiteModel } from "../config/load.ts";
import type { ServicePlan } from "./service-plans.ts";

/** A secret that a site's deployment needs, and whether its stack file holds it. */
export interface NeededSecret {
  readonly name: string;
  /** What needs it, in words. */
  readonly for: string;
  readonly present: boolean;
}

/** Every secret of the stack that the site needs, sorted by name. */
export function neededSecrets(site: SiteModel, services: readonly ServicePlan[]): NeededSecret[] {
  const uses = [...machineSecrets(site), ...services.flatMap(serviceSecrets)];
  return unique(uses.map(({ name }) => name))
    .sort()
    .map((name) => ({
      name,
      for: unique(uses.filter((use) => use.name === name).map((use) => use.for)).join(", "),
      present: Object.hasOwn(site.secrets, name),
    }));
}

/** Keys of the object store that etcd snapshots go to. */
export const snapshotSecrets = { accessKey: "snapshotAccessKey", secretKey: "snapshotSecretKey" } as const;

function machineSecrets({ ssh, proxmox, nodes, kubernetes }: SiteModel): { name: string; for: string }[] {
  const used = proxmox !== undefined && Object.values(nodes).some((node) => node.vm !== undefined);
  return [
    { name: ssh.privateKey, for: "SSH to the machines" },
    ...(kubernetes.snapshots.s3 === undefined
      ? []
      : Object.values(snapshotSecrets).map((name) => ({ name, for: "the bucket of etcd snapshots" }))),
    ...Object.entries(kubernetes.registries.logins).map(([registry, { password }]) => ({
      name: password,
      for: `the login at ${registry}`,
    })),
    ...adoptedTokens(kubernetes).map((name) => ({ name, for: "the tokens of the adopted cluster" })),
    ...(used
      ? [
          { name: proxmox.api.token.secret, for: "the Proxmox API" },
          { name: proxmox.ssh.privateKey, for: "cloud-init files on the Proxmox hosts" },
          ...Object.values(proxmox.hypervisors).flatMap((one) =>
            one.api === undefined ? [] : [{ name: one.api.token.secret, for: "the Proxmox API" }],
          ),
        ]
      : []),
  ];
}

function adoptedTokens({ adopt }: SiteModel["kubernetes"]): readonly string[] {
  return adopt === undefined ? [] : [adopt.serverToken, adopt.agentToken ?? adopt.serverToken];
}

function serviceSecrets(plan: ServicePlan): { name: string; for: string }[] {
  return referencesIn(plan.objects.map((object) => object.manifest)).flatMap((leaf) =>
    "$secret" in leaf ? [{ name: leaf.$secret, for: plan.instance }] : [],
  );
}
