import { toYaml } from "@isthmus/core";
import type { K3sSettings } from "../settings/schema.ts";

type KubeVip = Extract<K3sSettings["api"], { kind: "kube-vip" }>;

const name = "kube-vip";
/** Where a server says on which of its interfaces the address is to be. */
const hostFolder = "/var/lib/isthmus/kube-vip";
const metadata = { name, namespace: "kube-system", labels: { "app.kubernetes.io/name": name } };

/**
 * The objects that make the API address: one pod on every server, of which the leader answers ARP for it. k3s applies
 * what lies in its manifests folder, so it is there before the first node joins. https://kube-vip.io/docs/usage/k3s/
 */
export function kubeVipManifest(api: KubeVip): string {
  return [serviceAccount(), clusterRole(), clusterRoleBinding(), daemonSet(api)]
    .map((object) => toYaml(object))
    .join("---\n");
}

function serviceAccount(): unknown {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata };
}

function clusterRole(): unknown {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "isthmus-kube-vip" },
    rules: [
      { apiGroups: [""], resources: ["services", "endpoints", "nodes"], verbs: ["list", "get", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "get", "watch"] },
      {
        apiGroups: ["coordination.k8s.io"],
        resources: ["leases"],
        verbs: ["list", "get", "watch", "update", "create"],
      },
    ],
  };
}

function clusterRoleBinding(): unknown {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "isthmus-kube-vip" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "isthmus-kube-vip" },
    subjects: [{ kind: "ServiceAccount", name, namespace: "kube-system" }],
  };
}

function daemonSet(api: KubeVip): unknown {
  const labels = metadata.labels;
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata,
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          hostNetwork: true,
          priorityClassName: "system-node-critical",
          nodeSelector: { "node-role.kubernetes.io/control-plane": "true" },
          tolerations: [
            { operator: "Exists", effect: "NoSchedule" },
            { operator: "Exists", effect: "NoExecute" },
          ],
          containers: [container(api)],
          ...(api.interface === undefined
            ? { volumes: [{ name: "host", hostPath: { path: hostFolder, type: "DirectoryOrCreate" } }] }
            : {}),
        },
      },
    },
  };
}

/** Which interface it is may differ from server to server: each has a file that says it (vip-interface.sh). */
function interfaceFrom(api: KubeVip): object {
  if (api.interface !== undefined) return { args: ["manager"] };
  return {
    args: ["manager", "--config-file", "/etc/kube-vip/kube-vip.yaml"],
    volumeMounts: [{ name: "host", mountPath: "/etc/kube-vip", readOnly: true }],
  };
}

function container(api: KubeVip): unknown {
  const settings = {
    vip_arp: "true",
    address: api.address,
    port: "6443",
    vip_subnet: api.address.includes(":") ? "128" : "32",
    ...(api.interface === undefined ? {} : { vip_interface: api.interface }),
    cp_enable: "true",
    cp_namespace: "kube-system",
    svc_enable: "false",
    vip_leaderelection: "true",
    vip_leasename: "plndr-cp-lock",
    vip_leaseduration: "5",
    vip_renewdeadline: "3",
    vip_retryperiod: "1",
    // It would tell its metrics to the whole network.
    prometheus_server: "127.0.0.1:2112",
  };
  return {
    name,
    image: api.image,
    imagePullPolicy: "IfNotPresent",
    ...interfaceFrom(api),
    env: [
      { name: "vip_nodename", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
      ...Object.entries(settings).map(([key, value]) => ({ name: key, value })),
    ],
    resources: { requests: { cpu: "20m", memory: "48Mi" }, limits: { memory: "128Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { add: ["NET_ADMIN", "NET_RAW"], drop: ["ALL"] },
    },
  };
}
