import { toYaml } from "@isthmus/core";
import * as cis from "./hardening.ts";
import { kubeVipManifest } from "./kube-vip.ts";
import { labelTexts, taintText, type K3sNode } from "../plan/node.ts";
import { authorityPath } from "./registries.ts";
import type { K3sSettings } from "../settings/schema.ts";

/** A file on a host. */
export interface HostFile {
  readonly path: string;
  /** Octal, with a leading zero. */
  readonly mode: string;
  readonly content: string;
  /** Whether k3s reads it at its start only, so that a change restarts it. */
  readonly restarts: boolean;
}

const etc = "/etc/rancher/k3s";
const data = "/var/lib/rancher/k3s";
/** k3s takes what could be base64 for the certificate itself: the dot makes it a path. */
const storeAuthority = `${etc}/object-store.crt`;

/**
 * The files of a node. They depend on the node and the settings alone, never on the other nodes: a node that comes or
 * goes changes no file of another one. Where it joins, and its tokens, are written by the script that installs it.
 */
export function nodeFiles(node: K3sNode, settings: K3sSettings): readonly HostFile[] {
  const server = node.role === "server";
  return [
    {
      path: `${etc}/config.yaml`,
      mode: "0600",
      content: server ? serverConfig(node, settings) : agentConfig(node, settings),
      restarts: true,
    },
    ...(settings.hardening.cis ? hardeningFiles(server, settings) : []),
    ...authorityFiles(settings),
    ...(server ? storeAuthorityFiles(settings.snapshots) : []),
    // Without policies it says so: k3s deletes what a manifest of its folder does not hold any more.
    ...(server
      ? [manifest("network-policies", settings.hardening.cis ? cis.networkPolicies : "# hardening.cis is off\n")]
      : []),
    ...(server ? [manifest("kube-vip", vipManifest(settings.api))] : []),
  ];
}

/** Two who hold one address answer for it in turn: kube-vip goes where the address is somebody else's. */
const vipManifest = (api: K3sSettings["api"]): string =>
  api.kind === "kube-vip" ? kubeVipManifest(api) : "# api.kind is not kube-vip\n";

/**
 * What the node calls itself when it registers. Kubernetes reads it that one time only, so a change restarts nothing;
 * afterwards `membership.sh` keeps labels and taints.
 */
export function registrationFile(node: K3sNode, machine: string): HostFile {
  const labels = { ...registrable(node.labels), "isthmus/machine": machine };
  const content = toYaml({
    "node-label": labelTexts(labels),
    ...(node.taints.length === 0 ? {} : { "node-taint": node.taints.map(taintText) }),
  });
  return { path: `${etc}/config.yaml.d/05-registration.yaml`, mode: "0600", content, restarts: false };
}

/** `config.yaml` of a server: https://docs.k3s.io/cli/server. Keys are sorted, so that the same input is the same text. */
export function serverConfig(node: K3sNode, settings: K3sSettings): string {
  const { api, hardening, registries } = settings;
  return configText({
    ...commonConfig(node, settings),
    "agent-token-file": `${etc}/agent-token`,
    "cluster-cidr": settings.clusterCidr,
    disable: [...settings.disable].sort(),
    "disable-network-policy": settings.flannel === "none",
    "embedded-registry": registries.embedded,
    "flannel-backend": settings.flannel,
    "kube-apiserver-arg": hardening.cis ? cis.apiServerArguments : [],
    "kube-controller-manager-arg": hardening.cis ? cis.controllerManagerArguments : [],
    "secrets-encryption": settings.secretsEncryption,
    "service-cidr": settings.serviceCidr,
    // Its own address and that of the API. The others' are theirs to add: k3s' servers share one certificate.
    "tls-san": [...new Set([api.address, node.address])],
    "write-kubeconfig-mode": "0600",
    ...snapshotConfig(settings.snapshots),
  });
}

/** `config.yaml` of an agent: https://docs.k3s.io/cli/agent. */
export function agentConfig(node: K3sNode, settings: K3sSettings): string {
  return configText(commonConfig(node, settings));
}

function commonConfig(node: K3sNode, settings: K3sSettings): Readonly<Record<string, unknown>> {
  const { cis: hardened } = settings.hardening;
  return {
    "disable-default-registry-endpoint": !settings.registries.fallback,
    "kubelet-arg": [...(hardened ? cis.kubeletArguments : []), ...settings.kubeletArguments],
    "node-ip": node.address,
    "node-name": node.name,
    "protect-kernel-defaults": hardened,
    snapshotter: settings.snapshotter,
    "token-file": `${etc}/token`,
  };
}

function snapshotConfig({ schedule, retention, s3 }: K3sSettings["snapshots"]): Readonly<Record<string, unknown>> {
  const local = { "etcd-snapshot-schedule-cron": schedule, "etcd-snapshot-retention": retention };
  if (s3 === undefined) return local;
  return {
    ...local,
    "etcd-s3": true,
    "etcd-s3-bucket": s3.bucket,
    "etcd-s3-endpoint": s3.endpoint,
    ...(s3.ca === undefined ? {} : { "etcd-s3-endpoint-ca": storeAuthority }),
    "etcd-s3-folder": s3.folder,
    "etcd-s3-region": s3.region,
    // Apart from the disk's since the releases of August 2025; older ones skip it, and keep as many as on the disk.
    "etcd-s3-retention": s3.retention,
  };
}

/** The drop-in with the object store's keys. Secret. */
export function snapshotStoreFile(keys: { readonly accessKey: string; readonly secretKey: string }): string {
  return configText({ "etcd-s3-access-key": keys.accessKey, "etcd-s3-secret-key": keys.secretKey });
}

function hardeningFiles(server: boolean, settings: K3sSettings): readonly HostFile[] {
  const kernel = { path: "/etc/sysctl.d/90-kubelet.conf", mode: "0644", content: cis.kernelSettings, restarts: true };
  if (!server) return [kernel];
  return [
    kernel,
    { path: cis.admissionFile, mode: "0600", content: cis.admissionConfiguration(settings.hardening), restarts: true },
    { path: cis.auditPolicyFile, mode: "0600", content: cis.auditPolicy, restarts: true },
  ];
}

function authorityFiles({ registries }: K3sSettings): readonly HostFile[] {
  return Object.entries(registries.authorities)
    .map(([registry, content]) => ({ path: authorityPath(registry), mode: "0644", content, restarts: true }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function storeAuthorityFiles({ s3 }: K3sSettings["snapshots"]): readonly HostFile[] {
  return s3?.ca === undefined ? [] : [{ path: storeAuthority, mode: "0644", content: s3.ca, restarts: true }];
}

function manifest(name: string, content: string): HostFile {
  return { path: `${data}/server/manifests/isthmus-${name}.yaml`, mode: "0600", content, restarts: false };
}

/** Sorted by key; what says nothing (empty lists, false) is left out. */
function configText(config: Readonly<Record<string, unknown>>): string {
  const said = Object.entries(config).filter(
    ([, value]) => value !== false && !(Array.isArray(value) && value.length === 0),
  );
  said.sort(([a], [b]) => (a < b ? -1 : 1));
  return toYaml(Object.fromEntries(said));
}

const ownedByKubernetes = /(^|\.)(kubernetes|k8s)\.io\//;
const kubeletMay = /^(topology\.kubernetes\.io\/(region|zone)|node\.kubernetes\.io\/.+|kubelet\.kubernetes\.io\/.+)$/;

/**
 * The labels that a kubelet may give itself: it does not start with others of `kubernetes.io` (`--node-labels` in
 * https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/). Those come from `membership.sh`.
 */
export function registrable(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(labels).filter(([key]) => !ownedByKubernetes.test(key) || kubeletMay.test(key)),
  );
}
