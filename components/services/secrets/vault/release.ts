import { entryService, fullName, toMebibytes, without, type ReleasePlan, type ServiceContext } from "@isthmus/core";
import { vaultMembers, vaultNames } from "./names.ts";
import type { VaultArgs } from "./schema.ts";
import { charts, images } from "../pins.ts";

type Context = ServiceContext<VaultArgs>;

/** The container that tells Vault of a renewed certificate and of a log that begins anew: it looks again only when it gets SIGHUP. */
export const reloader = { requests: { memory: "16Mi", cpu: "5m" }, limits: { memory: "32Mi" } } as const;

const tlsFolder = "/vault/tls";

export function vaultRelease(context: Context): ReleasePlan {
  const { instance, namespace } = context;
  return {
    name: instance,
    namespace,
    chart: charts.vault,
    timeout: "10m",
    doesNotWait: "a Vault that nobody has initialised and unsealed is never ready",
    after: ["object/certificate"],
    values: {
      global: { tlsDisable: false },
      injector: { enabled: false },
      csi: { enabled: false },
      server: server(context),
      // The only way in from outside; behind it is whoever leads.
      ui: { ...userInterface(context), externalPort: 8200, activeVaultPodOnly: true, publishNotReadyAddresses: false },
    },
    pods: {
      server: {
        replicas: "server.ha.replicas",
        requests: { at: "server.resources.requests", as: without(reloader.requests) },
        limits: { at: "server.resources.limits", as: without(reloader.limits) },
        affinity: "server.affinity",
        tolerations: "server.tolerations",
        storageSize: "server.dataStorage.size",
        storageClass: "server.dataStorage.storageClass",
      },
    },
  };
}

function userInterface({ args, needs }: Context) {
  const { type, annotations, ...service } = entryService(args.reach, needs);
  return {
    enabled: true,
    serviceType: type,
    annotations,
    ...("nodePort" in service ? { serviceNodePort: service.nodePort } : {}),
  };
}

function server(context: Context) {
  const { instance, args, needs } = context;
  const { tls } = vaultNames(instance);
  const [repository, tag] = splitImage(images.vault);
  const ownName = fullName(vaultMembers(context), "$(VAULT_K8S_POD_NAME)");
  return {
    image: { repository, tag },
    dataStorage: { enabled: true },
    auditStorage: { enabled: true, size: args.auditSize, storageClass: needs.get("volumes").storageClass },
    extraEnvironmentVars: { VAULT_CACERT: `${tlsFolder}/ca.crt` },
    volumes: [{ name: "tls", secret: { secretName: tls, defaultMode: 0o440 } }],
    volumeMounts: [{ name: "tls", mountPath: tlsFolder, readOnly: true }],
    shareProcessNamespace: true,
    extraContainers: [reloadContainer(args)],
    // Each server that stops has to be unsealed by a person: none is stopped by a change alone. See `afterwards`, and the alert.
    updateStrategyType: "OnDelete",
    statefulSet: { securityContext: { pod: podSecurity, container: containerSecurity } },
    ha: {
      enabled: true,
      // Each server by its own name, which its certificate holds.
      apiAddr: `https://${ownName}:8200`,
      clusterAddr: `https://${ownName}:8201`,
      raft: { enabled: true, setNodeId: true, config: vaultConfig(context) },
      // The chart's budget spares a minority: of fewer than three servers nobody, and no drain would ever end.
      disruptionBudget: { enabled: (vaultMembers(context).pods ?? []).length > 2 },
    },
  };
}

const podSecurity = {
  runAsNonRoot: true,
  runAsUser: 100,
  runAsGroup: 1000,
  fsGroup: 1000,
  seccompProfile: { type: "RuntimeDefault" },
} as const;
const containerSecurity = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } as const;

function splitImage(image: string): readonly [string, string] {
  const colon = image.lastIndexOf(":");
  return [image.slice(0, colon), image.slice(colon + 1)];
}

/**
 * An audit device that cannot write refuses every request of Vault, and a full volume cannot be written: the log is put aside
 * before. https://developer.hashicorp.com/vault/docs/audit/file (log rotation)
 */
function rotation({ auditSize }: VaultArgs): string[] {
  const log = "/vault/audit/audit.log";
  const most = Math.floor((toMebibytes(auditSize) * 1024 * 1024) / 10);
  return [
    `  size=$(stat -c %s ${log} 2>/dev/null || echo 0)`,
    `  if [ "$size" -gt ${most} ]; then`,
    `    for old in 7 6 5 4 3 2 1; do [ ! -e ${log}.$old ] || mv -f ${log}.$old ${log}.$((old + 1)); done`,
    `    mv -f ${log} ${log}.1 && kill -HUP $(pidof vault)`,
    "  fi",
  ];
}

function reloadContainer(args: VaultArgs) {
  const certificate = `${tlsFolder}/tls.crt`;
  const script = [
    `known=$(sha256sum ${certificate})`,
    "while sleep 60; do",
    `  now=$(sha256sum ${certificate})`,
    '  [ "$now" = "$known" ] || { kill -HUP $(pidof vault) && known=$now; }',
    ...rotation(args),
    "done",
  ].join("\n");
  return {
    name: "certificate-reloader",
    image: images.vault,
    command: ["/bin/sh", "-c", script],
    resources: reloader,
    securityContext: { ...containerSecurity, readOnlyRootFilesystem: true },
    volumeMounts: [
      { name: "tls", mountPath: tlsFolder, readOnly: true },
      { name: "audit", mountPath: "/vault/audit" },
    ],
  };
}

/** https://developer.hashicorp.com/vault/docs/configuration */
function vaultConfig(context: Context): string {
  const members = vaultMembers(context);
  const joins = (members.pods ?? []).map((pod) =>
    [
      "  retry_join {",
      `    leader_api_addr = "https://${fullName(members, pod)}:8200"`,
      `    leader_ca_cert_file = "${tlsFolder}/ca.crt"`,
      "  }",
    ].join("\n"),
  );
  return `ui = true
# Raft keeps its data in mapped files; locking them into memory would take all of it.
disable_mlock = true

listener "tcp" {
  address = "[::]:8200"
  cluster_address = "[::]:8201"
  tls_cert_file = "${tlsFolder}/tls.crt"
  tls_key_file = "${tlsFolder}/tls.key"
}

storage "raft" {
  path = "/vault/data"
${joins.join("\n")}
}

service_registration "kubernetes" {}
`;
}
