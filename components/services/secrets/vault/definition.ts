import {
  below,
  defineService,
  entryAddresses,
  entryClaims,
  entryPort,
  entryRequires,
  keptApart,
  servingCertificate,
  together,
  type Footprint,
  type ObjectPlan,
  type ServiceContext,
  type Workload,
} from "@isthmus/core";
import { vaultMembers, vaultNames } from "./names.ts";
import { vaultSchema, type VaultArgs } from "./schema.ts";
import { reloader, vaultRelease } from "./release.ts";
import { checkVoters, votersBySite } from "./voters.ts";

type Context = ServiceContext<VaultArgs>;

/** What a person keeps to unseal it: so many keys, of which so many are needed. */
const keys = { shares: 5, threshold: 3 } as const;

/** Secrets behind a seal that a person opens. Facts: https://developer.hashicorp.com/vault/docs/platform/k8s/helm */
export const vault = defineService<VaultArgs>({
  name: "vault",
  summary: "Vault keeps secrets in a Raft cluster of the site; a person unseals each server after it stopped.",
  schema: vaultSchema,
  requires: ({ reach }) => ["volumes", "certificates", ...entryRequires(reach)],
  provides: () => ["secrets"],
  check: checkVoters,
  offers: ({ args }) => ({ secrets: { address: addressOf(args) } }),
  footprint,
  privileges: ({ instance, namespace }) => ({
    permissions: [
      {
        subject: instance,
        in: namespace,
        may: ["write workloads"],
        why: "each server labels its own pod with what it is: active, sealed, initialised",
      },
    ],
  }),
  charts: (context) => [vaultRelease(context)],
  objects: (context) => [certificate(context)],
  exports: ({ args, needs }) => ({ secretStore: { address: addressOf(args), ca: needs.get("certificates").ca } }),
  afterwards,
});

const addressOf = ({ hostName, reach }: VaultArgs): string => `https://${hostName}:${entryPort(reach, 8200)}`;

function footprint(context: Context): Footprint {
  const { instance, args, from } = context;
  return {
    workloads: [servers(context)],
    routes: [],
    ...entryClaims(args.reach, { name: instance, hostName: args.hostName, from: below(from, "reach") }),
    podSecurity: "restricted",
    // The chart has no value to leave it out; it runs when somebody calls `helm test`.
    hooks: [{ name: `${instance}-server-test`, controller: "Pod", requests: { memory: "0Mi", cpu: "0" } }],
  };
}

function servers(context: Context): Workload {
  const { instance, args, needs, from } = context;
  const volumes = needs.get("volumes");
  const main = { memory: args.memory, cpu: "100m" } as const;
  return {
    name: "server",
    controller: "StatefulSet",
    members: { perSite: votersBySite(context) },
    selector: {
      "app.kubernetes.io/name": "vault",
      "app.kubernetes.io/instance": instance,
      component: "server",
    },
    requests: together(main, reloader.requests),
    sizedBy: [below(from, "memory"), below(from, "voters")],
    limits: { memory: together(main, { memory: "512Mi", cpu: "0" }, { ...reloader.limits, cpu: "0" }).memory },
    architectures: ["amd64", "arm64"],
    uses: [
      { capability: "volumes", to: ["start", "read", "write"] },
      { capability: "certificates", to: ["start"] },
      // An address of its own is announced; assigning it anew is not needed.
      ...entryRequires(args.reach).map((capability) => ({ capability, to: ["read"] }) as const),
    ],
    // Standbys answer nothing by themselves: they pass everything on to the leader.
    reads: { kind: "majority" },
    writes: { kind: "majority" },
    restarts: { by: "person", steps: unsealSteps(context) },
    runsOn: keptApart({ byNode: true }),
    storesAlso: [
      {
        what: "a server's audit log",
        size: args.auditSize,
        sizedBy: [below(from, "auditSize")],
        storageClass: volumes.storageClass,
        moves: volumes.moves,
        freedFromDeadNode: volumes.freedFromDeadNode,
        backup: volumes.backup ?? {
          none: "nothing backs up the volumes of this site; ship the log elsewhere to keep it",
        },
      },
    ],
    stores: {
      what: "a server's Raft log and data",
      size: args.size,
      sizedBy: [below(from, "size")],
      storageClass: volumes.storageClass,
      moves: volumes.moves,
      freedFromDeadNode: volumes.freedFromDeadNode,
      backup: volumes.backup ?? {
        none: "nothing backs up the volumes of this site, and a snapshot by Vault itself needs a token that only a person has",
      },
    },
    reaches: ([8200, 8201] as const).map((port) => ({
      to: `${instance}/server`,
      port,
      protocol: "TCP" as const,
      tls: true,
      address: "perMember" as const,
    })),
  };
}

const inPod = ({ namespace }: Context, pod: string): string => `kubectl -n ${namespace} exec -it ${pod} -- vault`;

function podsOf(context: Context): readonly string[] {
  return vaultMembers(context).pods ?? [];
}

function unsealSteps(context: Context): string[] {
  return podsOf(context).map(
    (pod) =>
      `${inPod(context, pod)} operator unseal   # ${keys.threshold} times, each with another key; it asks for it`,
  );
}

function afterwards(context: Context): string[] {
  const [first] = podsOf(context);
  if (first === undefined) return [];
  const own = inPod(context, first);
  return [
    `${own} operator init -key-shares=${keys.shares} -key-threshold=${keys.threshold}   # once; keep the keys and the root token away from this site`,
    ...unsealSteps(context),
    `${own} login   # with the root token`,
    `${own} audit enable -path=file file file_path=/vault/audit/audit.log`,
    // One that cannot write stops Vault, unless another can: https://developer.hashicorp.com/vault/docs/audit#blocked-audit-devices
    `${own} audit enable -path=stdout file file_path=stdout   # so that a volume that cannot be written does not stop it`,
    `${own} operator raft snapshot save /vault/data/before-change.snap   # before every upgrade; copy it off with kubectl cp`,
    `kubectl -n ${context.namespace} delete pod POD   # after a change of Vault's version or settings, which reaches no pod that runs: one by one, the leader last, each unsealed before the next`,
  ];
}

function certificate(context: Context): ObjectPlan {
  const { instance, namespace, args } = context;
  const { full, tls } = vaultNames(instance);
  // What the chart calls its Services: https://github.com/hashicorp/vault-helm/tree/main/templates
  const shared = [full, `${full}-active`, `${full}-standby`, `${full}-ui`];
  return servingCertificate(context, {
    name: tls,
    servers: [...shared.map((service) => ({ service, namespace })), vaultMembers(context)],
    dnsNames: [args.hostName, "localhost"],
    ipAddresses: ["127.0.0.1", ...entryAddresses(args.reach)],
  });
}
