/** What a k3s cluster knows, and what charts add to it. */
import { at, isObject, textAt, type Properties, type Value } from "../values.ts";

/** Kinds of an API group that ships with Kubernetes; `false`: not in a namespace. */
const BUILT_IN: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  core: {
    ConfigMap: true,
    Endpoints: true,
    LimitRange: true,
    Namespace: false,
    Node: false,
    PersistentVolume: false,
    PersistentVolumeClaim: true,
    Pod: true,
    ResourceQuota: true,
    Secret: true,
    Service: true,
    ServiceAccount: true,
  },
  apps: { DaemonSet: true, Deployment: true, StatefulSet: true },
  batch: { CronJob: true, Job: true },
  autoscaling: { HorizontalPodAutoscaler: true },
  policy: { PodDisruptionBudget: true },
  "networking.k8s.io": { Ingress: true, IngressClass: false, NetworkPolicy: true },
  "discovery.k8s.io": { EndpointSlice: true },
  "rbac.authorization.k8s.io": { ClusterRole: false, ClusterRoleBinding: false, Role: true, RoleBinding: true },
  "storage.k8s.io": { StorageClass: false, VolumeAttachment: false, CSIDriver: false },
  "scheduling.k8s.io": { PriorityClass: false },
  "apiextensions.k8s.io": { CustomResourceDefinition: false },
  "apiregistration.k8s.io": { APIService: false },
  "admissionregistration.k8s.io": {
    MutatingWebhookConfiguration: false,
    ValidatingWebhookConfiguration: false,
    ValidatingAdmissionPolicy: false,
    ValidatingAdmissionPolicyBinding: false,
  },
  "coordination.k8s.io": { Lease: true },
  "node.k8s.io": { RuntimeClass: false },
};

/** Custom kinds that are not in a namespace; every other custom kind is. */
const CLUSTER_WIDE: ReadonlySet<string> = new Set([
  "cert-manager.io/ClusterIssuer",
  "external-secrets.io/ClusterSecretStore",
  "external-secrets.io/ClusterExternalSecret",
  "postgresql.cnpg.io/ClusterImageCatalog",
  "tailscale.com/Connector",
  "tailscale.com/ProxyClass",
]);

/** CRDs that k3s brings itself, as far as nothing is disabled. */
const OF_K3S: readonly string[] = ["helm.cattle.io", "k3s.cattle.io"];

interface ChartCrds {
  readonly groups: readonly string[];
  /** A value that decides, and what it is where nobody sets it. */
  readonly switches?: readonly { readonly path: string; readonly otherwise: boolean }[];
}

/** From the charts' own files: which groups of CRDs an installed chart brings. */
const BY_CHART: Readonly<Record<string, ChartCrds>> = {
  "argo-cd": { groups: ["argoproj.io"], switches: [{ path: "crds.install", otherwise: true }] },
  "cert-manager": {
    groups: ["cert-manager.io", "acme.cert-manager.io"],
    switches: [
      { path: "crds.enabled", otherwise: false },
      { path: "installCRDs", otherwise: false },
    ],
  },
  "cloudnative-pg": { groups: ["postgresql.cnpg.io"], switches: [{ path: "crds.create", otherwise: true }] },
  "csi-driver-nfs": { groups: ["snapshot.storage.k8s.io"] },
  "external-dns": { groups: ["externaldns.k8s.io"] },
  "external-secrets": {
    groups: ["external-secrets.io", "generators.external-secrets.io"],
    switches: [{ path: "installCRDs", otherwise: true }],
  },
  "kube-prometheus-stack": { groups: ["monitoring.coreos.com"], switches: [{ path: "crds.enabled", otherwise: true }] },
  "linkerd-crds": { groups: ["linkerd.io", "policy.linkerd.io"] },
  "litmus-core": { groups: ["litmuschaos.io"] },
  longhorn: { groups: ["longhorn.io"] },
  metallb: { groups: ["metallb.io"], switches: [{ path: "crds.enabled", otherwise: true }] },
  "plugin-barman-cloud": { groups: ["barmancloud.cnpg.io"], switches: [{ path: "crds.create", otherwise: true }] },
  "prometheus-operator-crds": { groups: ["monitoring.coreos.com"] },
  "sealed-secrets": { groups: ["bitnami.com"] },
  "secrets-store-csi-driver": { groups: ["secrets-store.csi.x-k8s.io"] },
  "system-upgrade-controller": { groups: ["upgrade.cattle.io"] },
  "tailscale-operator": { groups: ["tailscale.com"] },
  traefik: { groups: ["traefik.io", "hub.traefik.io"] },
  "traefik-crds": { groups: ["traefik.io", "hub.traefik.io"] },
  velero: { groups: ["velero.io"] },
};

/** `core` for the legacy group, whose apiVersion has no group. */
export function groupOf(apiVersion: string): string {
  const [group = "", version] = apiVersion.split("/");
  return version === undefined ? "core" : group;
}

export function isBuiltInGroup(group: string): boolean {
  return BUILT_IN[group] !== undefined;
}

/** Undefined: the group ships with Kubernetes and has no such kind, or none that these rules know. */
export function isNamespaced(group: string, kind: string): boolean | undefined {
  const builtIn = BUILT_IN[group];
  return builtIn === undefined ? !CLUSTER_WIDE.has(`${group}/${kind}`) : builtIn[kind];
}

/** The groups whose CRDs are there, given the releases and the CRDs that are. */
export function installedGroups(
  releases: readonly Properties[],
  definitions: readonly Properties[],
): ReadonlySet<string> {
  const defined = definitions
    .map((definition) => at(definition, "spec.group"))
    .filter((group) => typeof group === "string");
  return new Set([...OF_K3S, ...defined, ...releases.flatMap(groupsOfRelease)]);
}

function groupsOfRelease(release: Properties): readonly string[] {
  const chart = textAt(release, "chart")?.split("/").pop() ?? "";
  const known = BY_CHART[chart];
  if (known === undefined || release["skipCrds"] === true) return [];
  const values = isObject(release["values"]) ? release["values"] : {};
  const set = (known.switches ?? []).map(({ path, otherwise }) => valueOr(at(values, path), otherwise));
  return set.length === 0 || set.some(Boolean) ? known.groups : [];
}

function valueOr(value: Value | undefined, otherwise: boolean): boolean {
  return typeof value === "boolean" ? value : otherwise;
}
